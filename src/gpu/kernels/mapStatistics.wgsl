// statistics[heads, rows] = (entropy in bits, weight on the first key, mean distance in keys, largest weight) of each
// map row.
// One invocation a row.
struct Params { rows: u32, row0: u32, T: u32, past: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> map: array<f32>;
@group(0) @binding(2) var<storage, read_write> statistics: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x;
  let head = id.y;
  if (row >= params.rows) { return; }
  let base = (head * params.rows + row) * params.T;
  let position = f32(params.past + params.row0 + row);
  var entropy = 0.0;
  var distance = 0.0;
  var largest = 0.0;
  for (var t = 0u; t < params.T; t++) {
    let weight = map[base + t];
    if (weight > 0.0) { entropy -= weight * log2(weight); }
    largest = max(largest, weight);
    distance += weight * abs(position - f32(t));
  }
  statistics[head * params.rows + row] = vec4f(entropy, map[base], distance, largest);
}
