/**
 * Serve a folder over HTTP/2 with the cache headers of a deployment, compressed as by CloudFront, and print the port.
 * Arguments: the folder, the file with the TLS key, the file with the certificate. `/name` is also name.json.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};
const [folder, key, cert] = process.argv.slice(2);
const files = new Map(
  readdirSync(folder, { recursive: true })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => [`/${name}`, read(name)]),
);

function read(name) {
  const content = readFileSync(join(folder, name));
  const type = TYPES[extname(name)];
  const headers = {
    "content-type": type ?? "application/octet-stream",
    "cache-control": name.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache",
    etag: `"${createHash("sha256").update(content).digest("hex")}"`,
    ...(type && { "content-encoding": "gzip" }),
  };
  return { headers, body: type ? gzipSync(content) : content };
}

const server = createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
  const path = new URL(request.url, "https://localhost").pathname;
  const file = files.get(path === "/" ? "/index.html" : path) ?? files.get(`${path}.json`);
  if (!file) response.writeHead(404).end();
  else if (request.headers["if-none-match"] === file.headers.etag) response.writeHead(304, file.headers).end();
  else response.writeHead(200, file.headers).end(file.body);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
