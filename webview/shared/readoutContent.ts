/** What is told of a cell of a map that is pointed at. Role: words and numbers; the card is readout.ts. */
export interface ReadoutContent {
  /** What map: "Q3" or "mean of KV 1". */
  title: string;
  query: { place: number; text: string };
  key: { place: number; text: string };
  weight: number;
  exact: boolean;
  /** A line more. */
  note?: string;
  /** Further values of the same cell: the members of a group, the other run. */
  others: { label: string; weight: number; emphasised: boolean }[];
}
