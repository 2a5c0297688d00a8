// divergence[heads, rows] = (Jensen-Shannon divergence in bits, largest absolute difference) of two maps' rows.
// One invocation a row.
struct Params { rows: u32, T: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> divergence: array<vec2f>;

fn term(p: f32, mean: f32) -> f32 {
  if (p <= 0.0) { return 0.0; }
  return p * log2(p / mean);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x;
  if (row >= params.rows) { return; }
  let base = (id.y * params.rows + row) * params.T;
  var sum = 0.0;
  var largest = 0.0;
  for (var t = 0u; t < params.T; t++) {
    let p = a[base + t];
    let q = b[base + t];
    let mean = 0.5 * (p + q);
    sum += 0.5 * (term(p, mean) + term(q, mean));
    largest = max(largest, abs(p - q));
  }
  divergence[id.y * params.rows + row] = vec2f(max(sum, 0.0), largest);
}
