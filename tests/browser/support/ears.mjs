// A service that turns speech into words, whatever was spoken: it hears what it is told to hear.

import { createServer } from 'node:http';

export async function startEars() {
  const ears = { says: '' };
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const segment = { start: 0, end: 2, text: ears.says, avg_logprob: -0.1, no_speech_prob: 0.01 };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ text: ears.says, segments: [segment] }));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  ears.env = {
    OVERTURE_SPEECH__SERVICE: 'openai',
    OVERTURE_SPEECH__URL: `http://127.0.0.1:${server.address().port}`,
    OVERTURE_SPEECH__KEY: 'a-key',
    OVERTURE_SPEECH__MODEL: 'ears-1',
    OVERTURE_SPEECH__ALLOW_PRIVATE_ADDRESSES: 'true',
  };
  ears.stop = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  return ears;
}
