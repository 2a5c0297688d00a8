// map[heads, rows, T] = attention probabilities of chosen query heads and a block of query rows, recomputed for looking
// at: softmax(scale · q · kᵀ + bias); causal, keys after the query or out of its window are 0. One workgroup a (row, head).
// Grouped, and with the same features and constants as attention.wgsl: k has G heads; with a sink a row sums to less than 1. heads[i] = (query head, KV head that it reads).
// SCORES: what the softmax is taken of instead, LOWEST where a key is not seen.
struct Params {
  rows: u32, row0: u32, T: u32, H: u32, G: u32, past: u32, causal: u32, window: u32, K4: u32,
  scale: f32, softcap: f32, width: u32, zero: u32
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> heads: array<vec2u>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> sinks: array<f32>;
@group(0) @binding(6) var<storage, read_write> map: array<f32>;

const SIZE = 64u;
const LOWEST = -3.4e38;
var<workgroup> partial: array<f32, SIZE>;

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let K4 = params.K4;
  let row = workgroup.x;
  let s = params.row0 + row;
  let head = heads[workgroup.y].x;
  let group = heads[workgroup.y].y;
  let G = params.G;
  let T = params.T;
  let query = (s * params.H + head) * K4;
  let base = (workgroup.y * params.rows + row) * T;
  let position = params.past + s;
  let begin = select(0u, position + 1u - params.window, WINDOWED == 1u && position >= params.window);
  let end = select(T, position + 1u, params.causal == 1u);
  let shift = head * params.width + params.zero - position;

  if (SCORES == 1u) {
    for (var t = local; t < T; t += SIZE) { if (t < begin || t >= end) { map[base + t] = LOWEST; } }
  }
  var largest = LOWEST;
  for (var t = begin + local; t < end; t += SIZE) {
    let key = (t * G + group) * K4;
    var score = 0.0;
    for (var j = 0u; j < K4; j++) { score += dot(q[query + j], k[key + j]); }
    score *= params.scale;
    if (CAPPED == 1u) { score = params.softcap * tanh(clamp(score / params.softcap, -10.0, 10.0)); }
    if (BIASED == 1u) { score += bias[shift + t]; }
    map[base + t] = score;
    largest = max(largest, score);
  }
  if (SCORES == 1u) { return; }
  partial[local] = largest;
  workgroupBarrier();
  for (var half = SIZE / 2u; half > 0u; half /= 2u) {
    if (local < half) { partial[local] = max(partial[local], partial[local + half]); }
    workgroupBarrier();
  }
  largest = partial[0];
  if (SUNK == 1u) { largest = max(largest, sinks[head]); }
  workgroupBarrier();

  var total = 0.0;
  for (var t = begin + local; t < end; t += SIZE) {
    let weight = exp(map[base + t] - largest);
    map[base + t] = weight;
    total += weight;
  }
  partial[local] = total;
  workgroupBarrier();
  for (var half = SIZE / 2u; half > 0u; half /= 2u) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  total = partial[0];
  if (SUNK == 1u) { total += exp(sinks[head] - largest); }
  for (var t = local; t < T; t += SIZE) {
    map[base + t] = select(0.0, map[base + t] / total, t >= begin && t < end);
  }
}
