/**
 * An EventTarget with typed events.
 * @template Events the type of each event's detail, by its name
 */
export class Emitter extends EventTarget {
  /**
   * @template {keyof Events & string} Name
   * @param {Name} name
   * @param {(event: CustomEvent<Events[Name]>) => void} listener
   */
  on(name, listener) {
    this.addEventListener(name, listener);
  }

  /**
   * @template {keyof Events & string} Name
   * @param {Name} name
   * @param {Events[Name]} [detail]
   */
  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
