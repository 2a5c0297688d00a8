// a += sign · (numerator / denominator) · b, block by block of `length4` vec4; with SWAP: a = b + (numerator /
// denominator) · a. A block whose denominator is not above 0 is solved: its ratio is 0.
// Workgroup y is the block; an invocation takes every stride-th vec4. Constants: SWAP.
struct Params { length4: u32, stride: u32, sign: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> numerator: array<f32>;
@group(0) @binding(2) var<storage, read> denominator: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> a: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) workgroup: vec3u) {
  let block = workgroup.y;
  let below = denominator[block];
  var ratio = 0.0;
  if (below > 0.0) { ratio = numerator[block] / below; }
  for (var i = id.x; i < params.length4; i += params.stride) {
    let at = block * params.length4 + i;
    if (SWAP == 1u) { a[at] = b[at] + ratio * a[at]; } else { a[at] += params.sign * ratio * b[at]; }
  }
}
