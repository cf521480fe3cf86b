// One estimate from another language: node client.mjs http://127.0.0.1:8000 sp500-close AAPL 2021-12-30
const [service, set, ...key] = process.argv.slice(2);
const parts = [set, "estimates", ...key].map(encodeURIComponent);
const answer = await fetch(`${service}/v1/sets/${parts.join("/")}`);
const body = Buffer.from(await answer.arrayBuffer());
if (!answer.ok) {
  const problem = JSON.parse(body);
  throw new Error(`${problem.code}: ${problem.detail}`);
}
process.stdout.write(body);
