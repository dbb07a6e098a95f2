"""Peers with an engine and a copy of the model of their own: functions from the setting to what runs a work.

A peer needs its own packages and no others (`requirements-bench.txt`), and makes its copy when it first runs.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks._works import MAX_NEW_TOKENS, SAMPLING, Run, Setting, Text, Work


def openvino(setting: Setting, weights: str, properties: dict[str, str]) -> Run:
    """OpenVINO GenAI's continuous batching, on an export with these weights ("fp32" or "int8")."""
    import numpy
    import openvino_genai
    from openvino import Tensor

    folder = Path(setting.copies) / f"openvino-{weights}"
    if not (folder / "openvino_detokenizer.xml").is_file():  # the last file of an export
        command = [sys.executable, "-m", "optimum.commands.optimum_cli", "export", "openvino", "-m", setting.model]
        command += ["--task", "text-generation-with-past", "--weight-format", weights, str(folder)]
        subprocess.run(command, check=True, stdout=sys.stderr)
    scheduler = openvino_genai.SchedulerConfig()
    scheduler.cache_size = 4  # GB: enough for 256 rows
    scheduler.enable_prefix_caching = False  # it would keep the prompts of the run before
    pipeline = openvino_genai.ContinuousBatchingPipeline(folder, scheduler, "CPU", properties)

    def run(work: Work) -> list[Text]:
        settings = []
        for row in range(work.rows):
            config = openvino_genai.GenerationConfig()
            config.do_sample, config.max_new_tokens, config.rng_seed = True, MAX_NEW_TOKENS, row
            config.temperature, config.top_p, config.top_k = (SAMPLING[n] for n in ("temperature", "top_p", "top_k"))
            config.ignore_eos, config.stop_token_ids = not work.ends, set(setting.stop) if work.ends else set()
            settings.append(config)
        prompts = [Tensor(numpy.array([ids], dtype=numpy.int64)) for ids in work.each(work.ids)]
        answers = pipeline.generate(prompts, settings)
        return setting.texts(work, [answer.m_generation_ids[0] for answer in answers])

    return run


def ctranslate2(setting: Setting, compute_type: str) -> Run:
    """CTranslate2 with a batch on each core: up to twice as fast as all cores on one batch."""
    import ctranslate2
    from tokenizers import Tokenizer

    folder = Path(setting.copies) / "ctranslate2"
    if not (folder / "model.bin").is_file():
        ctranslate2.converters.TransformersConverter(setting.model).convert(str(folder), force=True)
    threads = {"inter_threads": setting.threads, "intra_threads": 1}
    model = ctranslate2.Generator(str(folder), compute_type=compute_type, **threads)
    tokenizer = Tokenizer.from_file(str(Path(setting.model) / "tokenizer.json"))

    def run(work: Work) -> list[Text]:
        prompts = [[tokenizer.id_to_token(token) for token in ids] for ids in work.ids]
        shared = prompts[0][:-1] if len(prompts) == 1 else None  # read once, as the others do
        results = model.generate_batch(
            work.each([prompt[-1:] for prompt in prompts] if shared else prompts),
            static_prompt=shared,
            max_batch_size=min(128, -(-work.rows // setting.threads)),
            include_prompt_in_result=False,
            max_length=MAX_NEW_TOKENS,
            min_length=1 if work.ends else MAX_NEW_TOKENS,
            end_token=setting.stop,
            sampling_topk=SAMPLING["top_k"],
            sampling_topp=SAMPLING["top_p"],
            sampling_temperature=SAMPLING["temperature"],
        )
        return setting.texts(work, [result.sequences_ids[0] for result in results])

    return run


def llama_cpp(setting: Setting) -> Run:
    """llama.cpp on the 4-bit GGUF file that the model was made from, 16 sequences at a time."""
    import xllamacpp

    parallel = 16
    params = xllamacpp.CommonParams()
    params.model.path = str(Path(setting.copies) / "model.gguf")
    params.n_parallel, params.n_ctx, params.verbosity = parallel, parallel * 512, -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = setting.threads
    server = xllamacpp.Server(params)

    def run(work: Work) -> list[Text]:
        common = {"max_tokens": MAX_NEW_TOKENS, "stop": ["<|im_start|>"] if work.ends else []}
        common |= {"ignore_eos": not work.ends, **{name: SAMPLING[name] for name in ("temperature", "top_p", "top_k")}}

        def one(row: int, prompt: str) -> Text:
            answer = server.handle_completions(common | {"prompt": prompt, "seed": row})
            return Text(answer["usage"]["completion_tokens"])

        with ThreadPoolExecutor(parallel) as pool:
            return list(pool.map(one, range(work.rows), work.each(work.prompts)))

    return run
