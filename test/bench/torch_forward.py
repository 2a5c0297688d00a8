"""The peer of forward.ts: the sample in PyTorch (transformers, eager attention with maps, float32) on the same GPU.

Run: python3 test/bench/torch_forward.py [tokens ...]
"""
import json, statistics, sys, time
import torch
from transformers import AutoModelForCausalLM

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.backends.cuda.matmul.allow_tf32 = False
model = AutoModelForCausalLM.from_pretrained("media/sample", dtype=torch.float32, attn_implementation="eager").to(device).eval()


def timed(work):
    start = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) * 1000


rows = []
for size in [int(a) for a in sys.argv[1:]] or [64, 512]:
    ids = torch.tensor([[(s * 37) % model.config.vocab_size for s in range(size)]], device=device)
    with torch.no_grad():
        run = lambda: model(input_ids=ids, output_attentions=True).logits.log_softmax(-1).argmax(-1).cpu()
        first = timed(run)
        later = statistics.median(timed(run) for _ in range(5))
        out = model(input_ids=ids, use_cache=True)
        past, token = out.past_key_values, ids[:, -1:]

        def decode():
            global past, token
            for _ in range(16):
                step = model(input_ids=token, past_key_values=past, use_cache=True)
                past, token = step.past_key_values, step.logits[:, -1:].argmax(-1)
                token.item()

        rows.append({"S": size, "first": round(first), "later": round(later, 1), "token": round(timed(decode) / 16, 1)})
print(json.dumps({"device": torch.cuda.get_device_name(0) if device == "cuda" else "cpu", "rows": rows}))
