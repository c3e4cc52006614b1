/** `https://registry.lan:5000/v2/` → `registry.lan:5000`; nothing, or Docker Hub's addresses → `docker.io`. */
export function registryOf(server: string): string {
  const host = server.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return ['', 'index.docker.io', 'registry-1.docker.io'].includes(host) ? 'docker.io' : host;
}
