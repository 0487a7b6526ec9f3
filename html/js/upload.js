/**
 * Post a file as the API has signed it. `fetch` reports no progress of an upload. Throw if that fails: with `status` if
 * the storage has refused the file, without one if the connection broke.
 * @param {{ url: string, fields: Record<string, string> }} upload
 * @param {File} file
 * @param {AbortSignal} signal
 * @param {(sent: number) => void} progress called with the uploaded share, 0 to 1
 * @returns {Promise<void>}
 */
export function sendFile({ url, fields }, file, signal, progress) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file); // the last field: S3 ignores those after it
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    request.upload.addEventListener("progress", ({ loaded, total }) => progress(loaded / total));
    request.addEventListener("load", () => {
      const { status } = request;
      if (status >= 200 && status < 300) resolve();
      else reject(Object.assign(new Error(`upload: ${status}`), { status }));
    });
    for (const type of ["error", "abort"]) request.addEventListener(type, () => reject(new Error(`upload: ${type}`)));
    signal.addEventListener("abort", () => request.abort());
    request.open("POST", new URL(url, location.href));
    request.send(form);
  });
}
