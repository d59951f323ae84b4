// How wide a text will be, by sums: asking the browser would make it lay out. A cell that clips its text is painted apart
// from the others, and with 700 of them a frame took twice as long: so only those clip whose text may not fit.

const known = 128; // ASCII
/** Hinting and kerning may make a text a little wider than its characters. */
const slack = 1.03;

export class TextWidths {
  private readonly measure: (character: string) => number;
  private widths: Float64Array | undefined;

  /** `measure`: pixels. */
  constructor(measure: (character: string) => number) {
    this.measure = measure;
  }

  /** The font is another one. */
  forget(): void {
    this.widths = undefined;
  }

  /** False where it may not fit: also where the text has other characters than those that were measured. */
  fits(text: string, pixels: number): boolean {
    const widths = (this.widths ??= this.read());
    let width = 0;
    for (let i = 0; i < text.length; i++) width += widths[text.charCodeAt(i)] ?? Infinity;
    return width * slack <= pixels;
  }

  private read(): Float64Array {
    const widths = Float64Array.from({ length: known }, (_, c) => (c < 32 ? Infinity : this.measure(String.fromCharCode(c)))); // prettier-ignore
    // In columns of numbers all digits are as wide as the widest.
    const digits = widths.subarray(48, 58);
    digits.fill(Math.max(...digits));
    return widths;
  }
}

/** In the font of an element that is in the page. */
export function widthsIn(element: HTMLElement): TextWidths {
  let context: CanvasRenderingContext2D | null = null;
  const widths = new TextWidths((character) => {
    context ??= document.createElement('canvas').getContext('2d');
    if (!context) return Infinity;
    const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(element);
    context.font = `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
    return context.measureText(character).width;
  });
  return widths;
}
