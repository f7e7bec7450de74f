// llama.cpp under measurement: reads one JSON command a line, answers one JSON line.
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

const greedy = {generateNext: {token: true, options: {temperature: 0}}};
let prompt = [];
const rewind = () => sequence.eraseContextTokenRanges([{start: prompt.length, end: sequence.nextTokenIndex}]);

async function prefill(tokens) {
    await sequence.clearHistory();
    prompt = tokens;
    const begun = performance.now();
    await sequence.controlledEvaluate(tokens.map((token, i) => i === tokens.length - 1 ? [token, greedy] : token));
    return performance.now() - begun;
}

async function decode(count) {
    await rewind();
    let token = prompt[0];
    const begun = performance.now();
    for (let i = 0; i < count; i++) {
        const result = await sequence.controlledEvaluate([[token, greedy]]);
        token = result[0].next.token;
    }
    return (performance.now() - begun) / count;
}

async function verify(tokens) {
    await rewind();
    const begun = performance.now();
    await sequence.controlledEvaluate(tokens.map((token) => [token, greedy]));
    return performance.now() - begun;
}

const commands = {prefill, decode, verify};
for await (const line of createInterface({input: process.stdin})) {
    const [name, argument] = JSON.parse(line);
    if (name === "quit") break;
    say({ms: await commands[name](argument), max_rss_kb: process.resourceUsage().maxRSS});
}
process.exit(0);
