// y[S, D] = (normalised x[S, D] · weight[D] (+ bias[D])) · scale; one workgroup a row.
// Constants: CENTERED 1 is LayerNorm (subtract the mean), 0 is RMSNorm; HAS_BIAS.
// `stride4` is the row length in vec4; padding lanes beyond D hold 0 and keep it, since weight and bias are 0 there.
struct Params { D: u32, stride4: u32, epsilon: f32, row0: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

const SIZE = 64u;
var<workgroup> partial: array<f32, SIZE>;

fn total(local: u32, value: f32) -> f32 {
  partial[local] = value;
  workgroupBarrier();
  for (var half = SIZE / 2u; half > 0u; half /= 2u) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  let result = partial[0];
  workgroupBarrier();
  return result;
}

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let source = (params.row0 + group.x) * params.stride4;
  let target_row = group.x * params.stride4;
  let D = f32(params.D);
  var mean = 0.0;
  if (CENTERED == 1u) {
    var sum = 0.0;
    for (var c = local; c < params.stride4; c += SIZE) { sum += dot(x[source + c], vec4f(1.0)); }
    mean = total(local, sum) / D;
  }
  var squares = 0.0;
  for (var c = local; c < params.stride4; c += SIZE) {
    // Padding lanes must not add mean² to the variance.
    let inside = vec4f(vec4u(c * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.D));
    let centered = (x[source + c] - mean) * inside;
    squares += dot(centered, centered);
  }
  let factor = inverseSqrt(total(local, squares) / D + params.epsilon);
  for (var c = local; c < params.stride4; c += SIZE) {
    var value = (x[source + c] - mean) * factor * weight[c];
    if (HAS_BIAS == 1u) { value += bias[c]; }
    y[target_row + c] = value * params.scale;
  }
}
