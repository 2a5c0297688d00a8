// out[S, H, K] = softmax(scale · q[S, H, K] · k[T, G, K]ᵀ) · v[T, G, K], causal, with an online softmax over key tiles.
// Grouped: k and v have G heads and are never expanded. A workgroup takes SLOTS query rows of one group (a slot is a
// pair of query position and query head, the R heads of a position side by side), so that every key and value that is
// loaded serves all of them. Query position s stands at key position past + s.
// Constants: K4 (K / 4 with padding), R, SLOTS. Loops over K run to params.K4, the same number: drivers unroll loops of
// known length, which made llvmpipe compile K = 80 for 50 s.
struct Params { S: u32, G: u32, past: u32, K4: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

// Invocations of a workgroup, and keys of a tile: each invocation scores one key.
const SIZE = 64u;
const LOWEST = -3.4e38;

var<workgroup> queries: array<vec4f, SLOTS * K4>;
var<workgroup> sums: array<vec4f, SLOTS * K4>;
var<workgroup> weights: array<f32, SLOTS * SIZE>;
var<workgroup> largest: array<f32, SLOTS>;
var<workgroup> total: array<f32, SLOTS>;
var<workgroup> keep: array<f32, SLOTS>;

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let group = workgroup.y;
  let slot0 = workgroup.x * SLOTS;
  let slots = min(SLOTS, params.S * R - slot0);
  let G = params.G;
  let length = params.K4;

  for (var i = local; i < SLOTS * length; i += SIZE) {
    let slot = slot0 + min(i / length, slots - 1u);
    let head = group * R + slot % R;
    queries[i] = q[((slot / R) * G * R + head) * length + i % length] * params.scale;
    sums[i] = vec4f();
  }
  if (local < SLOTS) {
    largest[local] = LOWEST;
    total[local] = 0.0;
  }
  workgroupBarrier();

  let end = params.past + (slot0 + slots - 1u) / R + 1u;
  for (var tile = 0u; tile < end; tile += SIZE) {
    let t = tile + local;
    // The zeros are spelled out: a declaration alone kept the last tile's values on llvmpipe.
    var scores = array<f32, SLOTS>();
    if (t < end) {
      let key = (t * G + group) * length;
      for (var j = 0u; j < length; j++) {
        let component = k[key + j];
        for (var slot = 0u; slot < SLOTS; slot++) { scores[slot] += dot(queries[slot * length + j], component); }
      }
    }
    for (var slot = 0u; slot < SLOTS; slot++) {
      if (t > params.past + (slot0 + slot) / R) { scores[slot] = LOWEST; }
      weights[slot * SIZE + local] = scores[slot];
    }
    workgroupBarrier();
    if (local < SLOTS) {
      var next = largest[local];
      for (var i = 0u; i < SIZE; i++) { next = max(next, weights[local * SIZE + i]); }
      keep[local] = exp(largest[local] - next);
      largest[local] = next;
    }
    workgroupBarrier();
    for (var slot = 0u; slot < SLOTS; slot++) {
      weights[slot * SIZE + local] = select(exp(scores[slot] - largest[slot]), 0.0, scores[slot] == LOWEST);
    }
    workgroupBarrier();
    if (local < SLOTS) {
      var sum = total[local] * keep[local];
      for (var i = 0u; i < SIZE; i++) { sum += weights[local * SIZE + i]; }
      total[local] = sum;
    }
    let keys = min(SIZE, end - tile);
    for (var i = local; i < slots * length; i += SIZE) {
      let slot = i / length;
      var sum = sums[i] * keep[slot];
      var value = (tile * G + group) * length + i % length;
      for (var key = 0u; key < keys; key++) {
        sum += weights[slot * SIZE + key] * v[value];
        value += G * length;
      }
      sums[i] = sum;
    }
    workgroupBarrier();
  }

  for (var i = local; i < slots * length; i += SIZE) {
    let slot = slot0 + i / length;
    let head = group * R + slot % R;
    out[((slot / R) * G * R + head) * length + i % length] = sums[i] / total[i / length];
  }
}
