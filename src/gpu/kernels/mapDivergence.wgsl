// divergence[pairs, rows] = (Jensen-Shannon divergence in bits, largest absolute difference) of the rows of two maps:
// map pair.x of a [maps, rows, T] and map pair.y of b. One invocation a row.
struct Params { rows: u32, T: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> divergence: array<vec2f>;

fn term(p: f32, mean: f32) -> f32 {
  if (p <= 0.0) { return 0.0; }
  return p * log2(p / mean);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x;
  if (row >= params.rows) { return; }
  let first = (pairs[id.y].x * params.rows + row) * params.T;
  let second = (pairs[id.y].y * params.rows + row) * params.T;
  var sum = 0.0;
  var largest = 0.0;
  for (var t = 0u; t < params.T; t++) {
    let p = a[first + t];
    let q = b[second + t];
    let mean = 0.5 * (p + q);
    sum += 0.5 * (term(p, mean) + term(q, mean));
    largest = max(largest, abs(p - q));
  }
  divergence[id.y * params.rows + row] = vec2f(max(sum, 0.0), largest);
}
