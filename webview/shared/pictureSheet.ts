/** What a picture covers, and names for what its parts refer to. Role: shared by all that draws into one picture. */
export class PictureSheet {
  readonly extent = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  #ids = 0;

  extend(left: number, top: number, right: number, bottom: number): void {
    const { extent } = this;
    extent.left = Math.min(extent.left, left);
    extent.top = Math.min(extent.top, top);
    extent.right = Math.max(extent.right, right);
    extent.bottom = Math.max(extent.bottom, bottom);
  }

  newId(kind: string): string {
    return `${kind}-${++this.#ids}`;
  }
}
