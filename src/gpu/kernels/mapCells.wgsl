// cells[maps, cell_rows, columns] = the strongest number of each cell of a window of maps [maps, rows, T].
// The window's `queries` and `keys` are divided into cell_rows_of_window by `columns` cells: query i (of the window) is in cell
// row floor(i * cell_rows_of_window / queries), and so the keys. A map in hand is a block of rows: cells that only begin or end
// in it have the strongest of the rows that are in it. Cells without a visible key are LOWEST.
// The strongest is the largest. With the constant DIFFERENCES, numbers are map - other[map * other_stride + …], and the strongest
// is the one furthest from 0. A stride of 0 is one other map for all.
struct Params {
  rows: u32, T: u32,
  // The block's first row, counted from the window's first query.
  row0: u32,
  queries: u32, keys: u32, key0: u32,
  cell_rows_of_window: u32, columns: u32,
  // The cell rows that the block touches.
  cell_row0: u32, cell_rows: u32,
  // 1 leaves the first key of the text out.
  without_first: u32,
  other_stride: u32
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> map: array<f32>;
@group(0) @binding(2) var<storage, read> other: array<f32>;
@group(0) @binding(3) var<storage, read_write> cells: array<f32>;

const LOWEST = -3.4e38;

// First of `count` places that falls into a cell.
fn first_of(cell: u32, count: u32, cells_of_side: u32) -> u32 {
  return (cell * count + cells_of_side - 1u) / cells_of_side;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= params.columns) { return; }
  let row = params.cell_row0 + id.y;
  let begin = max(first_of(row, params.queries, params.cell_rows_of_window), params.row0) - params.row0;
  let end = min(first_of(row + 1u, params.queries, params.cell_rows_of_window), params.row0 + params.rows) - params.row0;
  let first = max(params.key0 + first_of(column, params.keys, params.columns), params.without_first);
  let last = params.key0 + first_of(column + 1u, params.keys, params.columns);
  let own = id.z * params.rows * params.T;
  let others = id.z * params.other_stride;
  var strongest = LOWEST;
  for (var query = begin; query < end; query++) {
    for (var key = first; key < last; key++) {
      let place = query * params.T + key;
      let value = map[own + place];
      if (value <= LOWEST) { continue; }
      if (DIFFERENCES == 1u) {
        let difference = value - other[others + place];
        if (strongest == LOWEST || abs(difference) > abs(strongest)) { strongest = difference; }
      } else {
        strongest = max(strongest, value);
      }
    }
  }
  cells[(id.z * params.cell_rows + id.y) * params.columns + column] = strongest;
}
