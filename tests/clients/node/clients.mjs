// Google's own clients for Node against the sandbox: each logs in, refreshes, reads a report over two pages, and meets an
// error. One argument, the client; the environment is that of `gauth-sandbox --auto-consent --export env`. The packages are in
// the folder that CLIENTS names.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const load = createRequire(`${process.env.CLIENTS}/`);
const url = process.env.GAUTH_SANDBOX_URL;
const readonly = 'https://www.googleapis.com/auth/analytics.readonly';

async function control(verb, body = {}) {
  const answer = await fetch(`${url}/sandbox/${verb}`, { method: 'POST', body: JSON.stringify(body) });
  return answer.json();
}

const clients = {
  async 'google-auth-library'() {
    const { Compute, GoogleAuth, JWT, OAuth2Client } = load('google-auth-library');
    const key = JSON.parse(readFileSync(process.env.GOOGLE_APPLICATION_CREDENTIALS));

    // A key: a token of the token endpoint, whose address cannot be set, then a request with it.
    const found = await new GoogleAuth({ scopes: [readonly] }).getClient();
    const jwt = new JWT({ email: key.client_email, key: key.private_key, keyId: key.private_key_id, scopes: [readonly] });
    for (const client of [found, jwt]) {
      client.transporter.interceptors.request.add({
        resolved: async (config) => {
          config.url = new URL(String(config.url).replace('https://oauth2.googleapis.com', url));
          return config;
        },
      });
      const { data } = await client.request({ url: `${url}/v1beta/accountSummaries?pageSize=1` });
      assert.equal(data.accountSummaries.length, 1);
    }

    // A user: consent with PKCE by following the redirect, exchange, refresh, revocation.
    const secrets = JSON.parse(readFileSync(process.env.GAUTH_CLIENT_SECRETS)).installed;
    const client = new OAuth2Client({
      clientId: secrets.client_id,
      clientSecret: secrets.client_secret,
      redirectUri: 'http://127.0.0.1:49152/',
      endpoints: {
        oauth2AuthBaseUrl: secrets.auth_uri,
        oauth2TokenUrl: secrets.token_uri,
        oauth2RevokeUrl: `${url}/revoke`,
        tokenInfoUrl: `${url}/tokeninfo`,
        oauth2FederatedSignonPemCertsUrl: `${url}/oauth2/v1/certs`,
        oauth2FederatedSignonJwkCertsUrl: `${url}/oauth2/v3/certs`,
      },
    });
    const { codeVerifier, codeChallenge } = await client.generateCodeVerifierAsync();
    const consent = client.generateAuthUrl({
      access_type: 'offline', scope: ['openid', 'email', readonly], code_challenge_method: 'S256', code_challenge: codeChallenge,
    });
    const redirect = await fetch(consent, { redirect: 'manual' });
    const code = new URL(redirect.headers.get('location')).searchParams.get('code');
    const { tokens } = await client.getToken({ code, codeVerifier });
    client.setCredentials({ refresh_token: tokens.refresh_token });
    const { token } = await client.getAccessToken();
    assert.notEqual(token, tokens.access_token);
    assert.ok((await client.getTokenInfo(token)).scopes.includes(readonly));
    const ticket = await client.verifyIdToken({ idToken: tokens.id_token, audience: secrets.client_id });
    assert.equal(ticket.getPayload().email, 'alex@example.com');
    await client.revokeToken(token);
    await assert.rejects(client.refreshAccessToken(), /invalid_grant/);

    const machine = new Compute();
    const answer = await machine.getAccessToken();
    assert.match(answer.token, /^ya29\./);
    await control('expire-access-tokens');
  },

  async '@google-analytics/data'() {
    const { BetaAnalyticsDataClient, v1alpha } = load('@google-analytics/data');
    const { hostname, port } = new URL(url);
    const options = { fallback: true, protocol: 'http', apiEndpoint: hostname, port: Number(port) };
    const client = new BetaAnalyticsDataClient(options);
    const request = {
      property: 'properties/123456',
      dimensions: [{ name: 'date' }, { name: 'country' }],
      metrics: [{ name: 'sessions' }],
      dateRanges: [{ startDate: '28daysAgo', endDate: 'yesterday' }],
      metricAggregations: ['TOTAL'],
      limit: 100,
    };
    const [first] = await client.runReport(request);
    const [second] = await client.runReport({ ...request, offset: 100 });
    assert.equal(first.rows.length, 100);
    assert.ok(second.rows.length > 0 && first.rowCount > 100);
    assert.equal(first.metricHeaders[0].type, 'TYPE_INTEGER');
    await assert.rejects(client.runReport({ ...request, metrics: [{ name: 'sesions' }] }), /Did you mean sessions/);
    const [metadata] = await client.getMetadata({ name: 'properties/0/metadata' });
    assert.ok(metadata.dimensions.length > 100);
    await client.runRealtimeReport({ property: 'properties/123456', metrics: [{ name: 'activeUsers' }] });
    const [report] = await new v1alpha.AlphaAnalyticsDataClient(options).runReport({
      property: 'properties/123456',
      metrics: [{ name: 'allConversionsByInteractionDate' }],
      dateRanges: request.dateRanges,
      conversionSpec: { conversionActions: ['conversionActions/1001'] },
    });
    assert.equal(report.metadata.section, 'SECTION_ADVERTISING');
  },
};

await clients[process.argv[2]]();
console.log('ok');
