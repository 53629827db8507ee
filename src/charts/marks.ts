/** How series are told apart: by colour, by dashes and by the shape that marks them, so that any one of them is enough. */
export type Style = { readonly colour: string; readonly dash: string; readonly shape: Shape };

type Shape = "circle" | "square" | "triangle" | "diamond" | "wedge" | "cross";

/**
 * Six styles; no more lines than these are drawn. The colours are those of Okabe and Ito, "Color Universal Design" (2008),
 * made for every kind of colour vision, without the yellow and the sky blue that are too pale for a thin line on white.
 */
export const STYLES: readonly Style[] = [
  { colour: "#0072b2", dash: "", shape: "circle" },
  { colour: "#d55e00", dash: "9 4", shape: "square" },
  { colour: "#009e73", dash: "2.5 3.5", shape: "triangle" },
  { colour: "#000000", dash: "12 4 2.5 4", shape: "diamond" },
  { colour: "#cc79a7", dash: "18 5", shape: "wedge" },
  { colour: "#e69f00", dash: "6 3 2 3 2 3", shape: "cross" },
];

/** An SVG path of that shape, about 8 pixels across, around a point. */
export function markAt(shape: Shape, x: number, y: number): string {
  switch (shape) {
    case "circle":
      return `M${px(x - 4)} ${px(y)}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z`;
    case "square":
      return `M${px(x - 3.6)} ${px(y - 3.6)}h7.2v7.2h-7.2z`;
    case "triangle":
      return `M${px(x)} ${px(y - 4.8)}l4.6 8.2h-9.2z`;
    case "wedge":
      return `M${px(x)} ${px(y + 4.8)}l4.6 -8.2h-9.2z`;
    case "diamond":
      return `M${px(x)} ${px(y - 5.2)}l5.2 5.2l-5.2 5.2l-5.2 -5.2z`;
    case "cross":
      return `M${px(x - 4.6)} ${px(y - 1.5)}h3.1v-3.1h3v3.1h3.1v3h-3.1v3.1h-3v-3.1h-3.1z`;
  }
}

/** A length as SVG text: a tenth of a pixel is more than anybody sees. */
export function px(n: number): string {
  return String(Math.round(n * 10) / 10);
}
