// codes[heads + 1, rows, T4] = one byte a weight for drawing, four in a u32; the last map is the mean over the heads.
// Code 0 is 0; code c in 1..255 stands for 2^((c - 255) / 12) (src/protocol/model.ts, AttentionTile).
struct Params { heads: u32, rows: u32, T: u32, T4: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> map: array<f32>;
@group(0) @binding(2) var<storage, read_write> codes: array<u32>;

fn code(weight: f32) -> u32 {
  if (weight <= 0.0) { return 0u; }
  return u32(max(0.0, min(255.0, round(255.0 + 12.0 * log2(weight)))));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y;
  if (id.x >= params.T4 || row >= params.rows) { return; }
  let T = params.T;
  var sums = vec4f();
  for (var head = 0u; head < params.heads; head++) {
    var packed = 0u;
    for (var lane = 0u; lane < 4u; lane++) {
      let t = id.x * 4u + lane;
      if (t >= T) { break; }
      let weight = map[(head * params.rows + row) * T + t];
      sums[lane] += weight;
      packed |= code(weight) << (8u * lane);
    }
    codes[(head * params.rows + row) * params.T4 + id.x] = packed;
  }
  var packed = 0u;
  for (var lane = 0u; lane < 4u; lane++) { packed |= code(sums[lane] / f32(params.heads)) << (8u * lane); }
  codes[(params.heads * params.rows + row) * params.T4 + id.x] = packed;
}
