import { StorageUnavailable } from "../unavailable.ts";
import { explain } from "./file-trouble.ts";
import { Layout } from "./layout.ts";
import {
  initialise,
  makeRoot,
  markerDiffers,
  markerMissing,
  openRoot,
  readMarker,
  type Marker,
  type Place,
} from "./marker.ts";
import { refuseSquashedRoot, squashedRoot } from "./squashed-root.ts";

/** The way into a storage: every operation enters anew, and only if it is still the storage that was opened. */
export class Entrance {
  readonly #place: Place;
  #marker: Marker | null = null;

  constructor(place: Place) {
    this.#place = place;
  }

  /** `Storage.open`; `now` is when a storage that is made here was made. */
  async open(knownId: string | null, now: number): Promise<{ readonly id: string }> {
    const { path, url, nfs } = this.#place;
    try {
      if (knownId === null && this.#place.makeRoot) await makeRoot(path);
      let marker = await this.#readMarker();
      if (marker === null && knownId !== null) throw markerMissing(url);
      if (marker === null) await initialise(this.#place, now);
      marker ??= await this.#readMarker();
      if (marker === null) throw markerMissing(url);
      if (knownId !== null && marker.id !== knownId) throw markerDiffers(url, marker.id, knownId);
      this.#marker = marker;
      if (nfs)
        await this.run(async (layout) => refuseSquashedRoot(await layout.folder("tmp"), url));
      return { id: marker.id };
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** Does one operation. What the file system refuses is told in words for people. */
  async run<Result>(work: (layout: Layout) => Promise<Result>): Promise<Result> {
    try {
      await using layout = await this.#enter();
      return await work(layout);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  close(): void {
    this.#marker = null;
  }

  #explained(error: unknown): unknown {
    const { nfs, url } = this.#place;
    return (nfs ? squashedRoot(error, url) : null) ?? explain(error, url);
  }

  async #enter(): Promise<Layout> {
    const { url } = this.#place;
    const known = this.#marker;
    if (known === null)
      throw new StorageUnavailable(`${url} has not been looked at yet. Try again in a moment`);
    const root = await openRoot(this.#place);
    try {
      const found = await readMarker(root, url, known);
      if (found === null) throw markerMissing(url);
      const layout = new Layout(root, found.meta);
      if (found.marker.id === known.id) {
        this.#marker = found.marker;
        return layout;
      }
      await found.meta[Symbol.asyncDispose]();
      throw markerDiffers(url, found.marker.id, known.id);
    } catch (error) {
      await root[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #readMarker(): Promise<Marker | null> {
    const { url } = this.#place;
    await using root = await openRoot(this.#place);
    const found = await readMarker(root, url, null);
    await found?.meta[Symbol.asyncDispose]();
    return found?.marker ?? null;
  }
}
