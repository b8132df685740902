// The same work by DuckDB and by penc, in one run on one machine, as one table with ratios (below 1: penc is faster or smaller).
//   node tests/bench/beside_duckdb.mjs BUILD-FOLDER [EVENTS]      (built with -DPENC_BENCH=ON; default 10,000,000 events)
// DuckDB comes from the npm registry into a temporary folder; it is needed here and nowhere else. Both get two threads. Questions are
// the best of seven. DuckDB stores what it is given; penc replaces references by keys, seals, and syncs. Medians join with quantiles.
import {spawn, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {createRequire} from 'node:module';
import {setTimeout as sleep} from 'node:timers/promises';

const kPeer = '@duckdb/node-api@1.5.6-r.1';
const [build, eventsText = '10000000'] = process.argv.slice(2);
const events = Number(eventsText);
if (!build || !Number.isInteger(events) || events < 1) {
  console.error('usage: node tests/bench/beside_duckdb.mjs BUILD-FOLDER [EVENTS]');
  process.exit(2);
}
const penc = path.resolve(build, 'penc'), bench = path.resolve(build, 'tests/store_bench');
for (const program of [penc, bench]) {
  if (!fs.existsSync(program)) {
    console.error(`${program} is not there: cmake -S . -B ${build} -DPENC_BENCH=ON && cmake --build ${build}`);
    process.exit(2);
  }
}
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'penc-beside-'));
process.on('exit', () => fs.rmSync(folder, {recursive: true, force: true}));
const at = (name) => path.join(folder, name);

function run(program, ...args) {
  const done = spawnSync(program, args, {encoding: 'utf8', maxBuffer: 1 << 26});
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}
async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
function bytesUnder(dir) {
  let bytes = 0;
  for (const entry of fs.readdirSync(dir, {withFileTypes: true})) {
    const full = path.join(dir, entry.name);
    bytes += entry.isDirectory() ? bytesUnder(full) : fs.statSync(full).size;
  }
  return bytes;
}
const memory = (pid, field) =>
    Number(new RegExp(`${field}:\\s+(\\d+)`).exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

const kQuestions = {
  'rows by origin x dest x month': 'SELECT origin, dest, month, count(*) FROM m GROUP BY ALL',
  'persons by origin x dest x month, not NULL':
      `SELECT origin, dest, month, count(*) FROM (
         SELECT *, row_number() OVER (PARTITION BY person_ref ORDER BY hash(person_ref, origin, dest, month)) AS place
         FROM (SELECT DISTINCT person_ref, origin, dest, month FROM m))
       WHERE place <= 4 GROUP BY ALL`,
  'persons by origin x dest': 'SELECT origin, dest, count(DISTINCT person_ref) FROM m GROUP BY ALL',
  'sum by origin, filter on sex and month':
      `SELECT origin, sum(least(greatest(amount, 0), 1000)) FROM m
       WHERE sex = 'f' AND month BETWEEN '2025-01' AND '2025-12' GROUP BY ALL`,
  'mean by origin':
      `SELECT origin, avg(least(greatest(amount, 0), 1000))
       FROM (SELECT *, row_number() OVER (PARTITION BY person_ref) AS place FROM m) WHERE place <= 8 GROUP BY ALL`,
};

async function duckdb() {
  run('npm', 'install', '--prefix', folder, '--no-audit', '--no-fund', '--silent', kPeer);
  const {DuckDBInstance} = createRequire(at('package.json'))('@duckdb/node-api');
  const instance = await DuckDBInstance.create(at('peer.db'), {threads: '2'});
  const connection = await instance.connect();
  const result = {};
  result.import = await timed(async () => {
    await connection.run(`CREATE TABLE m AS SELECT * FROM read_csv('${at('events.csv')}', header = true, columns =
        {person_ref: 'INTEGER', origin: 'VARCHAR', dest: 'VARCHAR', month: 'VARCHAR', sex: 'VARCHAR', amount: 'INTEGER'})`);
    await connection.run('CHECKPOINT');
  });
  result.disk = fs.statSync(at('peer.db')).size / 1e6;
  for (const [name, sql] of Object.entries(kQuestions)) {
    result[name] = Infinity;
    for (let i = 0; i < 7; ++i) {
      result[name] = Math.min(result[name], await timed(() => connection.runAndReadAll(sql)));
    }
  }
  connection.closeSync();
  instance.closeSync();
  return result;
}

const kCodebook = `codebook: bench
version: 1
reference_promise: {epsilon: 8, delta: 1e-6}
closing: quarter
codes:
  place: [${Array.from({length: 16}, (_, i) => `{code: p${i}, fr: P${i}, en: P${i}}`).join(', ')}]
  sex: [{code: f, fr: F, en: F}, {code: m, fr: M, en: M}]
tables:
  move:
    unit: event
    caps: {cells: 4, rows: 8}
    labels: {fr: Trajets, en: Moves}
    columns:
      origin: {type: code, codes: place, sensitivity: public, fr: Origine, en: Origin}
      dest: {type: code, codes: place, sensitivity: public, fr: Destination, en: Destination}
      month: {type: month, from: 2024-01, to: 2026-12, sensitivity: public, fr: Mois, en: Month}
      sex: {type: code, codes: sex, sensitivity: public, fr: Sexe, en: Sex}
      amount: {type: integer, range: [0, 1000], sensitivity: public, fr: Montant, en: Amount}
`;
const kPolicy = `policy: bench
valid_until: 2099-12-31
promise: {epsilon: 8, delta: 1e-6}
answers: {local: granted, regional: granted}
columns: {move.origin: allow, move.dest: allow, move.month: allow, move.sex: allow, move.amount: allow}
limits: {group_by: 3, cells: 65536}
`;

async function product() {
  const office = at('office'), partner = at('partner');
  fs.writeFileSync(at('codebook.yaml'), kCodebook);
  fs.writeFileSync(at('policy.yaml'), kPolicy);
  run(penc, 'init', office, '--name', 'bench', '--codebook', at('codebook.yaml'), '--policy', at('policy.yaml'), '--listen', '127.0.0.1:17499');
  const result = {};
  result.import = await timed(() => {
    run(penc, 'import', office, at('events.csv'), '--table', 'move');
    run(penc, 'close', office, '--label', '2026-Q4');
  });
  result.disk = bytesUnder(path.join(office, 'db')) / 1e6;
  run(penc, 'partner', 'init', partner, '--name', 'analyst');
  fs.writeFileSync(at('office.card'), run(penc, 'card', office));
  run(penc, 'partner', 'trust', partner, at('office.card'));
  run(penc, 'grant', office, path.join(partner, 'analyst.pub'), '--share', '100%', '--purpose', 'bench', '--table', 'move', '--until', '2099-01-01');

  const ask = () => run(penc, 'ask', '--node', 'bench', '--as', partner, '--purpose', 'bench', '--json',
                        'SELECT origin, dest, month, count(DISTINCT person) FROM move GROUP BY origin, dest, month');
  const started = performance.now();
  const node = spawn(penc, ['serve', office], {stdio: 'ignore'});
  try {
    for (;;) {
      try {
        ask();
        break;
      } catch (error) {
        if (performance.now() - started > 60000) throw error;
        await sleep(20);
      }
    }
    result.cold = performance.now() - started;
    result.answering = memory(node.pid, 'VmHWM');
  } finally {
    const ended = new Promise((resolve) => node.on('exit', resolve));
    node.kill('SIGTERM');
    await ended;
  }
  return Object.assign(result, JSON.parse(run(bench, String(events), '--json')));
}

run(bench, String(events), '--csv', at('events.csv'));
const size = fs.statSync(at('events.csv')).size / 1e6;
console.log(`${events.toLocaleString('en')} events of ${Math.round(events * 0.3).toLocaleString('en')} persons, a CSV of ${size.toFixed(0)} MB, ` +
            `${os.cpus().length} processors`);
const peer = await duckdb();
const ours = await product();
const row = (name, theirs, mine, unit) => console.log(
    name.padEnd(58) + (theirs === undefined ? '–' : `${theirs.toFixed(0)} ${unit}`).padStart(12) + `${mine.toFixed(0)} ${unit}`.padStart(12) +
    (theirs === undefined ? '' : (mine / theirs).toFixed(3)).padStart(10));
console.log(''.padEnd(58) + 'DuckDB'.padStart(12) + 'penc'.padStart(12) + 'ratio'.padStart(10));
for (const name of Object.keys(kQuestions)) row(name, peer[name], ours[name], 'ms');
row('import of the CSV until it can be asked, on the disk', peer.import, ours.import, 'ms');
row('disk (penc: sealed)', peer.disk, ours.disk, 'MB');
row('start of the node to first answer, over gRPC', undefined, ours.cold, 'ms');
row('most memory of the node, answering', undefined, ours.answering, 'MB');
