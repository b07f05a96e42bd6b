/**
 * The site's pages, in the order of its menu. A page is a Markdown file of the repository, or a recipe in TypeScript. A test checks
 * that each one is here. `title` replaces the page's own heading in the menu.
 */
export const sections = [
  {
    title: 'Start',
    pages: [
      { path: 'README.md', title: 'Get started' },
      { path: 'docs/factors.md' },
      { path: 'docs/flows.md' },
      { path: 'docs/comparison.md' },
    ],
  },
  {
    title: 'Frameworks',
    pages: [
      { path: 'docs/frameworks/express.md' },
      { path: 'docs/frameworks/fastify.md' },
      { path: 'docs/frameworks/hono.md' },
      { path: 'docs/frameworks/nestjs.md' },
      { path: 'docs/frameworks/nextjs.md' },
      { path: 'docs/frameworks/node-http.md' },
      { path: 'docs/frameworks/passport.md' },
      { path: 'docs/better-auth.md' },
      { path: 'docs/frameworks/react.md' },
      { path: 'docs/frameworks/vue.md' },
      { path: 'docs/frameworks/svelte.md' },
    ],
  },
  {
    title: 'Stores',
    pages: [
      { path: 'docs/stores/sqlite.md' },
      { path: 'docs/stores/directory.md' },
      { path: 'docs/stores/postgres.md' },
      { path: 'docs/stores/mysql.md' },
      { path: 'docs/stores/redis.md' },
      { path: 'docs/stores/better-auth.md', title: "better-auth's database" },
      { path: 'docs/stores/tfa-config.md' },
      { path: 'docs/stores/linearizability.md' },
      { path: 'docs/scale.md', title: 'Large sites' },
    ],
  },
  {
    title: 'Guides',
    pages: [
      { path: 'docs/http.md' },
      { path: 'docs/sessions.md' },
      { path: 'docs/browser.md' },
      { path: 'docs/remembered-browsers.md' },
      { path: 'docs/enforcement.md' },
      { path: 'docs/assurance.md' },
      { path: 'docs/events.md' },
      { path: 'docs/audit.md' },
      { path: 'docs/metrics.md' },
      { path: 'docs/sealing.md' },
      { path: 'docs/attestation.md' },
      { path: 'docs/metadata.md', title: 'FIDO metadata' },
      { path: 'docs/extensions.md' },
      { path: 'docs/authenticators.md' },
      { path: 'docs/migration.md' },
      { path: 'docs/runtimes.md' },
    ],
  },
  {
    title: 'Recipes',
    pages: [
      { path: 'docs/recipes/README.md' },
      { path: 'docs/recipes/drizzle.ts', title: 'Drizzle' },
      { path: 'docs/recipes/knex.ts', title: 'Knex' },
      { path: 'docs/recipes/kysely.ts', title: 'Kysely' },
      { path: 'docs/recipes/prisma.ts', title: 'Prisma' },
      { path: 'docs/recipes/opentelemetry.ts', title: 'OpenTelemetry' },
      { path: 'docs/recipes/seal-age.ts', title: 'Keys in a file of age' },
      { path: 'docs/recipes/seal-aws-kms.ts', title: 'Keys from AWS KMS' },
      { path: 'docs/recipes/seal-vault.ts', title: 'Keys from Vault' },
    ],
  },
  {
    title: 'Reference',
    pages: [
      { path: 'docs/troubleshooting.md', title: 'Errors and reasons' },
      { path: 'SECURITY.md' },
      { path: 'docs/trust.md' },
      { path: 'docs/architecture.md' },
      { path: 'CHANGELOG.md' },
    ],
  },
]

/** The first page. It is not in the menu, because the name of the site leads to it. */
export const home = { path: 'docs/README.md', title: 'Countersign' }

/** Every page, with the first one. */
export const pages = [home, ...sections.flatMap((section) => section.pages)]

/** The address of a page on the site, without its extension. */
export function addressOf(path) {
  if (path === home.path) return 'index'
  if (path === 'README.md') return 'start'
  return path.replace(/^docs\//, '').replace(/\/README\.md$/, '').replace(/\.(?:md|ts)$/, '').toLowerCase()
}
