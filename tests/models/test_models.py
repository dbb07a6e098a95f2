"""Which model a machine uses, and what names lead to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from prompt2data import models
from prompt2data.models import EMBEDDED, LARGE, fetch, public_name, resolve
from tests.models.support import ROOT

NOWHERE = "http://127.0.0.1:9"


class Hub(BaseHTTPRequestHandler):
    """A model hub that knows one model."""

    def do_GET(self) -> None:
        known = self.path == f"/api/models/{LARGE}"
        body = json.dumps({"id": LARGE, "modelId": LARGE} if known else {"error": "Repository not found"}).encode()
        self.send_response(200 if known else 404)
        if not known:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments) -> None:
        pass


class SilentHub(Hub):
    """A hub that takes the question and never answers."""

    def do_GET(self) -> None:
        threading.Event().wait(20)


@pytest.fixture
def hub() -> Iterator[Callable[[type], str]]:
    servers = []

    def start(kind: type) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def ask(question: str, gigabytes: float = 0, **environment: str) -> str:
    """The value of `question` in a process of its own, on a machine with a GPU of so many gigabytes."""
    script = f"from prompt2data import models; models._gpu_bytes = lambda: {int(gigabytes * 1e9)}\n"
    script += f"try: print({question})\nexcept models.ModelUnavailable as error: print(error)"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "PROMPT2DATA_"))}
    result = subprocess.run(
        [sys.executable, "-c", script], env=clean | environment, cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == "", "nothing of the hub's client reaches the learner"
    return result.stdout.strip()


def cached_model(folder: Path, whole: bool = True) -> dict[str, str]:
    """A hub cache that holds `LARGE`, as the hub's client lays it out, with its weights in two parts."""
    repository = folder / "models--HuggingFaceTB--SmolLM2-1.7B-Instruct"
    snapshot = repository / "snapshots" / ("1" * 40)
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("1" * 40)
    (snapshot / "config.json").write_text("{}")
    parts = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (snapshot / "model.safetensors.index.json").write_text(json.dumps({"weight_map": parts}))
    for part in list(parts.values())[: None if whole else 1]:
        (snapshot / part).write_text("weights")
    return {"HF_HUB_CACHE": str(folder)}


class TestChoice:
    def test_no_gpu(self) -> None:
        assert ask("models.choose()") == EMBEDDED

    def test_gpu_and_hub(self, hub: Callable, tmp_path: Path) -> None:
        settings = {"HF_ENDPOINT": hub(Hub), "HF_HUB_CACHE": str(tmp_path)}
        assert ask("models.choose()", 16, **settings) == LARGE
        assert ask("models.choose()", 8, **settings) == EMBEDDED, "too small for two copies"

    @pytest.mark.parametrize("silent", [False, True])
    def test_gpu_without_network(self, silent: bool, hub: Callable, tmp_path: Path) -> None:
        endpoint = hub(SilentHub) if silent else NOWHERE
        assert ask("models.choose()", 16, HF_ENDPOINT=endpoint, HF_HUB_CACHE=str(tmp_path)) == EMBEDDED

    def test_gpu_without_network_and_the_model_in_the_cache(self, tmp_path: Path) -> None:
        assert ask("models.choose()", 16, HF_HUB_OFFLINE="1", **cached_model(tmp_path)) == LARGE

    def test_gpu_without_network_and_half_of_the_model(self, tmp_path: Path) -> None:
        assert ask("models.choose()", 16, HF_ENDPOINT=NOWHERE, **cached_model(tmp_path, whole=False)) == EMBEDDED

    def test_the_setting_wins(self) -> None:
        assert ask("models.choose()", 16, PROMPT2DATA_MODEL="org/other") == "org/other"
        assert ask("models.choose()", PROMPT2DATA_MODEL=str(fetch())) == EMBEDDED


class TestWrongName:
    @pytest.mark.parametrize("name", ["typo", "HuggingFaceTB/SmolLM2-1.7B-Instrukt"])
    def test_hub_says_no(self, name: str, hub: Callable, tmp_path: Path) -> None:
        settings = {"PROMPT2DATA_MODEL": name, "HF_ENDPOINT": hub(Hub), "HF_HUB_CACHE": str(tmp_path)}
        said = ask("models.resolve(models.choose())", **settings)
        assert said == (
            f"There is no model named '{name}' at the hub, or it is not public: correct the name (organisation/model), "
            "or unset PROMPT2DATA_MODEL to use the course's own model."
        )

    def test_no_hub(self, tmp_path: Path) -> None:
        settings = {"PROMPT2DATA_MODEL": "typo", "HF_ENDPOINT": NOWHERE, "HF_HUB_CACHE": str(tmp_path)}
        said = ask("models.resolve(models.choose())", **settings)
        assert said.startswith("The model 'typo' is not on this machine and the hub cannot be reached: ")

    def test_right_name(self, hub: Callable, tmp_path: Path) -> None:
        settings = {"HF_ENDPOINT": hub(Hub), "HF_HUB_CACHE": str(tmp_path)}
        assert ask(f"models.resolve('{LARGE}')", **settings) == LARGE
        assert ask(f"models.resolve('{LARGE}')", HF_ENDPOINT=NOWHERE, **cached_model(tmp_path)) == LARGE

    @pytest.mark.parametrize("path", ["/no/such/folder", "./missing", "~/missing/model"])
    def test_missing_folder(self, path: str) -> None:
        said = ask("models.resolve(models.choose())", PROMPT2DATA_MODEL=path)
        assert "does not exist" in said
        assert "\n" not in said

    def test_folder_without_a_model(self, tmp_path: Path) -> None:
        assert "no config.json" in ask("models.resolve(models.choose())", PROMPT2DATA_MODEL=str(tmp_path))
        (tmp_path / "config.json").write_text("{}")
        (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
        assert "no *.safetensors" in ask("models.resolve(models.choose())", PROMPT2DATA_MODEL=str(tmp_path))


@pytest.fixture
def known_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(models.FOLDERS, "{}")


def model_folder(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "config.json").write_text("{}")
    (path / "model.safetensors").write_bytes(b"")
    return path


@pytest.mark.usefixtures("known_folders")
class TestPublicName:
    def test_names_stay(self) -> None:
        assert public_name("org/model") == "org/model"
        assert public_name(EMBEDDED) == EMBEDDED

    def test_the_embedded_model(self) -> None:
        assert public_name(fetch()) == EMBEDDED
        assert resolve(EMBEDDED) == str(fetch())

    def test_a_folder_of_the_hub_cache(self, tmp_path: Path) -> None:
        cached_model(tmp_path)
        snapshot = next(tmp_path.glob("models--*/snapshots/*"))
        assert public_name(snapshot) == LARGE
        assert resolve(LARGE) == str(snapshot)

    def test_any_folder_and_back(self, tmp_path: Path) -> None:
        folder = model_folder(tmp_path / "my-model")
        assert public_name(folder) == "my-model"
        assert public_name(f"{folder}/") == "my-model"
        assert resolve("my-model") == str(folder)

    def test_in_another_process(self, tmp_path: Path) -> None:
        folder = model_folder(tmp_path / "my-model")
        public_name(folder)
        script = "from prompt2data.models import resolve; print(resolve('my-model'))"
        said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
        assert said.stdout.strip() == str(folder)

    def test_two_folders_of_one_name(self, tmp_path: Path) -> None:
        one, two = model_folder(tmp_path / "a" / "model"), model_folder(tmp_path / "b" / "model")
        assert [public_name(one), public_name(two), public_name(one)] == ["model", "model-2", "model"]
        assert resolve("model-2") == str(two)

    def test_a_strange_folder_does_not_take_the_embedded_name(self, tmp_path: Path) -> None:
        assert public_name(model_folder(tmp_path / EMBEDDED)) != EMBEDDED

    def test_resolve_takes_a_folder(self, tmp_path: Path) -> None:
        folder = model_folder(tmp_path / "plain")
        assert resolve(str(folder)) == str(folder)
        assert public_name(resolve(str(folder))) == "plain"


def test_the_folder_loads_and_knows_its_end_tokens() -> None:
    from transformers import AutoModelForCausalLM, GenerationConfig

    tokenizer = models.load_tokenizer(EMBEDDED)
    ends = GenerationConfig.from_pretrained(fetch()).eos_token_id
    assert tokenizer.convert_ids_to_tokens(ends) == ["<|im_end|>", "<|endoftext|>"]
    messages = [{"role": "user", "content": "Hi"}]
    turn = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert turn.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
    for text in ("In 2024, 3.14 .", "Xin chào Việt Nam", "日本語です。", "한국어", "a\n\n\tb"):
        assert tokenizer.decode(tokenizer(text).input_ids) == text
    model = AutoModelForCausalLM.from_pretrained(fetch())
    assert sum(parameter.numel() for parameter in model.parameters()) == 134_515_008
    assert "float32" in str(model.dtype)


def test_nothing_loads_remote_code() -> None:
    for path in ROOT.glob("prompt2data/**/*.py"):
        assert "trust_remote_code" not in path.read_text("utf-8"), path


def test_importing_is_light() -> None:
    script = (
        "import sys; from prompt2data.models import choose, resolve; resolve(choose())\n"
        "print([name for name in ('torch', 'transformers', 'distilabel') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]", "a machine without a GPU driver spends no second on torch here"


def test_the_models_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One where nothing else is there, two where another is chosen and the embedded one is on the disk; no fetching."""
    monkeypatch.setattr(models, "choose", lambda: EMBEDDED)
    assert models.available() == [EMBEDDED]
    monkeypatch.setattr(models, "choose", lambda: LARGE)
    assert models.available() == [LARGE, EMBEDDED]
    monkeypatch.setenv("PROMPT2DATA_HOME", str(tmp_path))
    assert models.available() == [LARGE]
    assert not list(tmp_path.iterdir())
