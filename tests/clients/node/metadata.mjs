// google-auth-library in gauth-serve: it finds a metadata server, takes tokens from it, and lists accounts in the sandbox. The
// environment is that of gauth-serve's command, and CLIENTS names the folder of the packages; one argument, the e-mail of the
// account, and for a service account a second, its project.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const load = createRequire(`${process.env.CLIENTS}/`);
const { Compute, GoogleAuth } = load('google-auth-library');
const metadata = load('gcp-metadata');
const [email, project] = process.argv.slice(2);
const url = process.env.GAUTH_SANDBOX_URL;

const auth = new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/analytics.readonly'] });
const client = await auth.getClient();
assert(client instanceof Compute);
for (let count = 0; count < 20; count += 1) {
  const { data } = await client.request({ url: `${url}/v1beta/accountSummaries?pageSize=1` });
  assert.equal(data.accountSummaries.length, 1);
  await client.refreshAccessToken();
}
assert(await metadata.isAvailable());
assert.equal(await metadata.instance('service-accounts/default/email'), email);
assert.deepEqual((await metadata.instance({ property: 'service-accounts/default/', params: { recursive: true } })).email, email);
if (project) {
  assert.equal(await auth.getProjectId(), project);
  const identity = await auth.getIdTokenClient('https://run.example.test');
  assert.match((await identity.getRequestHeaders()).get('authorization'), /^Bearer [^.]+\.[^.]+\.[^.]+$/);
}
console.log('ok');
