/**
 * Orders in which converters of llama.cpp write the rows of a matrix, undone.
 * Role: from a row of the Hugging Face tensor to its row in the file. Reading by them is ggufCheckpoint.ts.
 */

export interface RowOrder {
  /** Whether a tensor of so many rows can be in this order. */
  fits(rows: number): boolean;
  /** The stored row of a row. */
  stored(row: number): number;
}

/**
 * llama: rows of a head lie so that the components of a rotary plane are neighbours, (2j, 2j + 1); transformers has them half a
 * head apart, (j, j + K / 2). (convert_hf_to_gguf.py, LlamaModel.permute)
 * @param K rows of a head
 */
export function neighbouringPlanes(K: number): RowOrder {
  return {
    fits: (rows) => K % 2 === 0 && rows % K === 0,
    stored: (row) => {
      const component = row % K;
      const isSecond = component >= K / 2;
      return row - component + (isSecond ? 2 * component - K + 1 : 2 * component);
    },
  };
}

/**
 * Fused Q, K and V: all of Q, then all of K, then all of V; transformers has `units` runs that each hold a part of all three.
 * @param parts rows of each in a unit
 */
export function oneAfterTheOther(units: number, parts: readonly number[]): RowOrder {
  const unitRows = parts.reduce((sum, rows) => sum + rows, 0);
  return {
    fits: (rows) => rows === units * unitRows,
    stored: (row) => {
      const unit = Math.floor(row / unitRows);
      let within = row % unitRows;
      let before = 0;
      for (const rows of parts) {
        if (within < rows) return before + unit * rows + within;
        within -= rows;
        before += units * rows;
      }
      return row;
    },
  };
}
