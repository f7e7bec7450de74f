// llama.cpp answering infill requests as llama-server does for llama.vim: one JSON request a line, one JSON answer.
//
// One slot, the KV cache reused as far as the prompt's tokens agree with it (cache_prompt), and beyond (--cache-reuse). The answer ends
// at an end token, after n_predict tokens, at a line indented less than n_indent, or when t_max_predict_ms
// have passed since its first token and a line break was generated: nothing bounds the prompt.
// Greedy, where llama.vim samples with top_k, top_p and infill.
import {createInterface} from "node:readline";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const [modelPath, threads, contextSize] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");

const started = performance.now();
const llama = await getLlama({
    gpu: false, build: "never", progressLogs: false, logLevel: LlamaLogLevel.error, maxThreads: threads
});
const model = await llama.loadModel({modelPath});
const context = await model.createContext({contextSize, batchSize: 512, threads, sequences: 1});
const sequence = context.getSequence();
const [PREFIX, SUFFIX, MIDDLE] = ["prefix", "suffix", "middle"].map((name) => model.tokenize(`<|fim_${name}|>`, true)[0]);
say({load_s: (performance.now() - started) / 1e3});

// 3/4 and 1/4 of the batch, as llama-server cuts them; a batch of 0 tokens leaves them whole.
function prompt({prefix, suffix, middle, batch_tokens}) {
    const current = model.tokenize(middle);
    let before = model.tokenize(prefix);
    let after = model.tokenize(suffix);
    if (batch_tokens > 0) {
        before = before.slice(Math.max(0, before.length - 3 * Math.floor(batch_tokens / 4)));
        after = after.slice(0, Math.max(0, Math.floor(batch_tokens / 4) - 2 - current.length));
    }
    return [PREFIX, ...before, SUFFIX, ...after, MIDDLE, ...current];
}

// How many tokens of the new prompt the old ones serve, and which of the old have to go: what agrees from the start
// on, and with a cache_reuse above 0 each run of at least so many tokens further on, moved up (--cache-reuse).
function reusable(old, wanted, cacheReuse) {
    const longest = wanted.length - 1;
    let reused = 0;
    while (reused < Math.min(old.length, longest) && old[reused] === wanted[reused]) reused++;
    const erased = [];
    let [kept, head] = [reused, reused];
    while (cacheReuse > 0 && head < old.length && reused < longest) {
        let run = 0;
        while (head + run < old.length && reused + run < longest && old[head + run] === wanted[reused + run]) run++;
        if (run < cacheReuse) {
            head++;
            continue;
        }
        erased.push({start: kept, end: head});
        head += run;
        reused += run;
        kept = head;
    }
    if (kept < old.length) erased.push({start: kept, end: old.length});
    return {reused, erased};
}

// Whether the text's last begun line is indented less than n_indent; the text up to that line.
function underIndented(text, numIndent) {
    const lineStart = text.lastIndexOf("\n") + 1;
    const line = text.slice(lineStart);
    const isTooFarLeft = numIndent > 0 && lineStart > 0 && line.trim() !== "" && line.length - line.trimStart().length < numIndent;
    return isTooFarLeft ? text.slice(0, lineStart) : null;
}

async function complete(request) {
    const begun = performance.now();
    const room = contextSize - request.n_predict - 1;
    let tokens = prompt(request);
    if (tokens.length > room) tokens = [PREFIX, ...tokens.slice(tokens.length - room + 1)];
    const {reused, erased} = reusable(sequence.contextTokens, tokens, request.cache_reuse);
    if (erased.length > 0) await sequence.eraseContextTokenRanges(erased);
    const generated = [];
    let text = "";
    let firstTokenAt = 0;
    for await (const token of sequence.evaluate(tokens.slice(reused), {temperature: 0})) {
        firstTokenAt ||= performance.now();
        generated.push(token);
        text = model.detokenize(generated);
        const cut = underIndented(text, request.n_indent);
        if (cut !== null) {
            text = cut;
            break;
        }
        const isLate = request.t_max_predict_ms > 0 && performance.now() - firstTokenAt > request.t_max_predict_ms;
        if (generated.length >= request.n_predict || (isLate && text.includes("\n"))) break;
    }
    return {
        content: text.replace(/\uFFFD+$/, ""), num_prompt_tokens: tokens.length, num_reused_tokens: reused,
        num_generated_tokens: generated.length, ms: performance.now() - begun
    };
}

for await (const line of createInterface({input: process.stdin})) {
    const request = JSON.parse(line);
    if (request === "clear") {
        await sequence.clearHistory();
        say({});
    } else {
        say(await complete(request));
    }
}
process.exit(0);
