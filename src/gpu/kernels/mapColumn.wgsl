// column[heads, rows] = what each row of map[heads, rows, T] pays to one key: who looks at a token. One invocation a row.
struct Params { rows: u32, T: u32, key: u32, unused: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> map: array<f32>;
@group(0) @binding(2) var<storage, read_write> column: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.rows) { return; }
  let row = id.y * params.rows + id.x;
  column[row] = map[row * params.T + params.key];
}
