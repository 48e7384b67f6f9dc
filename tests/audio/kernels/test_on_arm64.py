"""The kernels' arm64 code, run by qemu on another processor: the ring between two threads, and conversions.

qemu does not reorder memory as such a processor may; which instructions keep the order is for test_callback_ir.py.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from engine.audio.kernels.ring_layout import CAPACITY, RING_WORDS, SAMPLES
from engine.dsp.pcm16 import float32_to_pcm16, pcm16_to_float32
from tests.audio.kernels.other_machines import compiled_for

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
TOOLS = {"aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu libc6-dev-arm64-cross", "qemu-aarch64": "qemu-user"}
TOTAL = 1_000_000
DRIVER = f"""
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int64_t ring_put(int64_t, int64_t, int64_t);
int64_t ring_get(int64_t, int64_t, int64_t);
void float32_to_pcm16(int64_t, int64_t, int64_t);
void pcm16_to_float32(int64_t, int64_t, int64_t);

static _Alignas(64) int64_t ring[{RING_WORDS}];
static float memory[100];

static void *produce(void *_) {{
    float block[64];
    for (int64_t sent = 0; sent < {TOTAL};) {{
        int64_t count = 1 + (sent * 7919) % 64;
        if (count > {TOTAL} - sent) count = {TOTAL} - sent;
        for (int64_t i = 0; i < count; i++) block[i] = (sent + i) & 1048575;
        for (int64_t put = 0; put < count;) {{
            int64_t now = ring_put((int64_t)ring, (int64_t)(block + put), count - put);
            put += now;
            if (!now) sched_yield();
        }}
        sent += count;
    }}
    return NULL;
}}

static int consume(void) {{
    float block[64];
    for (int64_t taken = 0; taken < {TOTAL};) {{
        int64_t count = ring_get((int64_t)ring, (int64_t)block, 1 + (taken * 104729) % 64);
        if (!count) sched_yield();
        for (int64_t i = 0; i < count; i++) if (block[i] != (float)((taken + i) & 1048575)) return 1;
        taken += count;
    }}
    return 0;
}}

int main(int argc, char **arguments) {{
    int64_t count = atoll(arguments[1]);
    float *samples = malloc(4 * count);
    int16_t *pcm = malloc(2 * count);
    if (fread(samples, 4, count, stdin) != count) return 2;
    float32_to_pcm16((int64_t)samples, (int64_t)pcm, count);
    pcm16_to_float32((int64_t)pcm, (int64_t)samples, count);
    fwrite(pcm, 2, count, stdout);
    fwrite(samples, 4, count, stdout);

    ring[{CAPACITY}] = 100;
    ring[{SAMPLES}] = (int64_t)memory;
    pthread_t producer;
    pthread_create(&producer, NULL, produce, NULL);
    if (consume()) return 3;
    pthread_join(producer, NULL);
    return 0;
}}
"""
"""Exit code 3 says that a sample did not follow the one before it."""


@pytest.fixture(scope="module")
def program(kernel_ir: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver above, linked with the kernels' object code."""
    if missing := [packages for tool, packages in TOOLS.items() if shutil.which(tool) is None]:
        pytest.skip(f"arm64 cannot be tried here: apt install {' '.join(missing)}")
    folder = tmp_path_factory.mktemp("arm64")
    machine, module = compiled_for(kernel_ir["optimised"], "aarch64-unknown-linux-gnu", "generic")
    (folder / "kernels.o").write_bytes(machine.emit_object(module))
    (folder / "driver.c").write_text(DRIVER, encoding="utf-8")
    built = ("aarch64-linux-gnu-gcc", "-O1", "-static", "-pthread", "driver.c", "kernels.o", "-lm", "-o", "driver")
    subprocess.run(built, cwd=folder, check=True)
    return folder / "driver"


def test_samples_pass_the_ring_in_order_and_are_converted_to_the_same_bits(program: Path) -> None:
    dice = np.random.default_rng(3)
    odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5 / 32768, 1.5 / 32768], np.float32)
    samples = np.concatenate([odd, dice.uniform(-1.5, 1.5, 100_003).astype(np.float32)])
    command = ["qemu-aarch64", str(program), str(samples.size)]
    run = subprocess.run(command, input=samples.tobytes(), capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()
    pcm = float32_to_pcm16(samples)
    assert run.stdout == pcm.tobytes() + pcm16_to_float32(pcm).tobytes()
