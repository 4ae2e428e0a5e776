#!/usr/bin/env python3
"""The reference's pipeline on a model folder: seconds a step and the most memory, for scripts/gpu-check.sh.

    python3 benchmarks/reference_pipeline.py MODEL [--offload none|model|sequential]

Needs torch with CUDA and diffusers; exits with 3 where they are not there.
"""
import argparse
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--offload", default="none", choices=["none", "model", "sequential"])
arguments = parser.parse_args()

try:
    import torch
    from diffusers import CogVideoXPipeline
except ImportError as missing:
    print(f"the reference is not here: {missing}")
    sys.exit(3)
if not torch.cuda.is_available():
    print("the reference's torch sees no card")
    sys.exit(3)

pipeline = CogVideoXPipeline.from_pretrained(arguments.model, torch_dtype=torch.bfloat16)
if arguments.offload == "model":
    pipeline.enable_model_cpu_offload()
elif arguments.offload == "sequential":
    pipeline.enable_sequential_cpu_offload()
else:
    pipeline.to("cuda")

ends = []


def stepped(_pipeline, _index, _timestep, tensors):
    torch.cuda.synchronize()
    ends.append(time.perf_counter())
    return tensors


torch.cuda.reset_peak_memory_stats()
pipeline(
    prompt="A panda plays the guitar in a bamboo forest",
    height=480,
    width=720,
    num_frames=49,
    num_inference_steps=3,
    guidance_scale=6.0,
    callback_on_step_end=stepped,
    generator=torch.Generator().manual_seed(42),
)
torch.cuda.synchronize()
decoding = time.perf_counter() - ends[-1]
peak = torch.cuda.max_memory_reserved() / 2**30
print(f"| {arguments.model} | bf16 | {arguments.offload} | {ends[-1] - ends[-2]:.3f} | {decoding:.2f} | {peak:.1f} |")
