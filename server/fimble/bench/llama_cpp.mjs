// llama.cpp under measurement: reads one JSON command a line, answers one JSON line.
//
// node-llama-cpp hands out no logits without running its own sampler, which costs several
// milliseconds a token. So nothing is sampled here, and llama.cpp may leave out its output
// layer: the times are a lower bound of what it needs, and a ratio to them favours it.
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
say({load_s: (performance.now() - started) / 1e3});

let prompt = [];
const rewind = () => sequence.eraseContextTokenRanges([{start: prompt.length, end: sequence.nextTokenIndex}]);

async function prefill(tokens) {
    await sequence.clearHistory();
    prompt = tokens;
    const begun = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(tokens);
    return performance.now() - begun;
}

async function decode(count) {
    await rewind();
    const begun = performance.now();
    for (let i = 0; i < count; i++) {
        await sequence.evaluateWithoutGeneratingNewTokens([prompt[i]]);
    }
    return (performance.now() - begun) / count;
}

async function verify(tokens) {
    await rewind();
    const begun = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(tokens);
    return performance.now() - begun;
}

const commands = {prefill, decode, verify};
for await (const line of createInterface({input: process.stdin})) {
    const [name, argument] = JSON.parse(line);
    if (name === "quit") break;
    say({ms: await commands[name](argument), max_rss_kb: process.resourceUsage().maxRSS});
}
process.exit(0);
