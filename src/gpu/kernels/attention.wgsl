// out[S, H, K] = softmax(scale · q[S, H, K] · k[T, G, K]ᵀ + bias) · v[T, G, K], with an online softmax over key tiles.
// Grouped: k and v have G heads and are never expanded. A workgroup takes SLOTS query rows of one group (a slot is a
// pair of query position and query head, the heads of a position side by side), so that every key and value that is
// loaded serves all of them. Query position s stands at key position past + s; causal, it sees the keys up to there, else
// all T. With a window, it sees at most that many keys, its own included. Scores are capped to softcap · tanh(score / softcap)
// before the bias. A head's sink is one more score in the softmax, without a value.
// bias[H, width] depends on head and distance alone: key t adds bias[head, t - (past + s) + zero].
// Who reads whom is data: groups = [G + 1] where each group's heads start, then the H query heads in group order. Groups
// may have any heads and sizes. workgroup.y is the group; workgroup.x counts SLOTS of the largest group.
// Constants: K4 (K / 4 with padding), SLOTS; WINDOWED, CAPPED, BIASED, SUNK: whether there is such a thing, since each costs
// llvmpipe a second to compile. Loops over K run to params.K4, the same number: drivers unroll loops of known length, which made
// llvmpipe compile K = 80 for 50 s.
struct Params {
  S: u32, T: u32, H: u32, G: u32, past: u32, causal: u32, window: u32, K4: u32, scale: f32, softcap: f32,
  width: u32, zero: u32
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> groups: array<u32>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read> sinks: array<f32>;
@group(0) @binding(7) var<storage, read_write> out: array<vec4f>;

// Invocations of a workgroup, and keys of a tile: each invocation scores one key.
const SIZE = 64u;
const LOWEST = -3.4e38;

// Of each slot: its row in q and out, the keys that it sees (from begins, before ends), and where the bias of key 0 is. The
// results of slots after the last are never used.
var<workgroup> rows: array<u32, SLOTS>;
var<workgroup> begins: array<u32, SLOTS>;
var<workgroup> ends: array<u32, SLOTS>;
var<workgroup> biases: array<u32, SLOTS>;
var<workgroup> queries: array<vec4f, SLOTS * K4>;
var<workgroup> sums: array<vec4f, SLOTS * K4>;
var<workgroup> weights: array<f32, SLOTS * SIZE>;
var<workgroup> largest: array<f32, SLOTS>;
var<workgroup> total: array<f32, SLOTS>;
var<workgroup> keep: array<f32, SLOTS>;

// The first key that a query at a position sees.
fn first_key(position: u32) -> u32 {
  return select(0u, position + 1u - params.window, WINDOWED == 1u && position >= params.window);
}

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let group = workgroup.y;
  let G = params.G;
  let first = groups[group];
  let R = groups[group + 1u] - first;
  let slot0 = workgroup.x * SLOTS;
  if (slot0 >= params.S * R) { return; }
  let slots = min(SLOTS, params.S * R - slot0);
  let length = params.K4;

  if (local < SLOTS) {
    let slot = slot0 + min(local, slots - 1u);
    let s = slot / R;
    let head = groups[G + 1u + first + slot % R];
    rows[local] = s * params.H + head;
    begins[local] = first_key(params.past + s);
    ends[local] = select(params.T, params.past + s + 1u, params.causal == 1u);
    // Distances reach below zero: u32 arithmetic wraps around and comes back when t is added.
    biases[local] = head * params.width + params.zero - params.past - s;
    largest[local] = LOWEST;
    total[local] = 0.0;
    if (SUNK == 1u) {
      largest[local] = sinks[head];
      total[local] = 1.0;
    }
  }
  workgroupBarrier();
  for (var i = local; i < SLOTS * length; i += SIZE) {
    queries[i] = q[rows[i / length] * length + i % length] * params.scale;
    sums[i] = vec4f();
  }
  workgroupBarrier();

  let end = select(params.T, params.past + (slot0 + slots - 1u) / R + 1u, params.causal == 1u);
  for (var tile = first_key(params.past + slot0 / R) / SIZE * SIZE; tile < end; tile += SIZE) {
    let t = tile + local;
    let keys = min(SIZE, end - tile);
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
      var score = scores[slot];
      // tanh overflows to NaN on some drivers for large arguments; it is 1 to the last bit beyond 10.
      if (CAPPED == 1u) { score = params.softcap * tanh(clamp(score / params.softcap, -10.0, 10.0)); }
      if (BIASED == 1u) { score += bias[biases[slot] + min(t, ends[slot] - 1u)]; }
      var seen = t < ends[slot];
      if (WINDOWED == 1u) { seen = seen && t >= begins[slot]; }
      scores[slot] = select(LOWEST, score, seen);
      weights[slot * SIZE + local] = scores[slot];
    }
    workgroupBarrier();
    if (local < SLOTS) {
      var next = largest[local];
      for (var i = 0u; i < keys; i++) { next = max(next, weights[local * SIZE + i]); }
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
      for (var i = 0u; i < keys; i++) { sum += weights[local * SIZE + i]; }
      total[local] = sum;
    }
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
    out[rows[i / length] * length + i % length] = sums[i] / total[i / length];
  }
}
