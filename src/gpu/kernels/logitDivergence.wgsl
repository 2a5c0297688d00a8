// result[rows] = (KL(a || b) in nats, unused) of next-token distributions given as logits[rows, V].
// `a_rows` and `b_rows` are tokenLoss.wgsl's results, whose x is the log-sum-exp. One workgroup a row.
struct Params { V: u32, stride: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> a_rows: array<vec4f>;
@group(0) @binding(4) var<storage, read> b_rows: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> result: array<f32>;

const SIZE = 64u;
var<workgroup> partial: array<f32, SIZE>;

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = workgroup.x;
  let base = row * params.stride;
  let a_total = a_rows[row].x;
  let b_total = b_rows[row].x;
  var sum = 0.0;
  for (var n = local; n < params.V; n += SIZE) {
    let log_a = a[base + n] - a_total;
    let log_b = b[base + n] - b_total;
    sum += exp(log_a) * (log_a - log_b);
  }
  partial[local] = sum;
  workgroupBarrier();
  for (var half = SIZE / 2u; half > 0u; half /= 2u) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  if (local == 0u) { result[row] = max(partial[0], 0.0); }
}
