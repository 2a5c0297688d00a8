// y = (normalised x · weight (+ bias)) · scale (+ y); one workgroup a row of x[rows, blocks, block] with blocks padded to
// vec4: a hidden state is one block; a layer's queries or keys are one a head, normalised all together or as a row each.
// Constants: CENTERED 1 is LayerNorm (subtract the mean), 0 is RMSNorm; HAS_BIAS, HAS_RESIDUAL.
// Rows row0… of x become rows out_row… of y. Row r has weights [r mod weight_rows]: heads may have their own. `stride4` and
// `block4` are lengths of rows and blocks in vec4; padding lanes hold 0 and keep it, since weight and bias are 0 there.
struct Params {
  block: u32, block4: u32, stride4: u32, epsilon: f32, scale: f32, row0: u32, out_row: u32, weight_rows: u32
}
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
  let target_row = (params.out_row + group.x) * params.stride4;
  let own = group.x % params.weight_rows * params.stride4;
  let count = f32(params.stride4 / params.block4 * params.block);
  var mean = 0.0;
  if (CENTERED == 1u) {
    var sum = 0.0;
    for (var c = local; c < params.stride4; c += SIZE) { sum += dot(x[source + c], vec4f(1.0)); }
    mean = total(local, sum) / count;
  }
  var squares = 0.0;
  for (var c = local; c < params.stride4; c += SIZE) {
    // Padding lanes must not add mean² to the variance.
    let inside = vec4f(vec4u(c % params.block4 * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.block));
    let centered = (x[source + c] - mean) * inside;
    squares += dot(centered, centered);
  }
  let factor = inverseSqrt(total(local, squares) / count + params.epsilon);
  for (var c = local; c < params.stride4; c += SIZE) {
    var value = (x[source + c] - mean) * factor * weight[own + c];
    if (HAS_BIAS == 1u) { value += bias[own + c]; }
    value *= params.scale;
    if (HAS_RESIDUAL == 1u) { value += y[target_row + c]; }
    y[target_row + c] = value;
  }
}
