import { Argument, type Command, Option } from '@commander-js/extra-typings'
import { oneOf } from './parameters.ts'

/** The commands that need no running service. What each takes is loaded with it, and not before. */
export function addServiceCommands(program: Command): void {
  program
    .command('start')
    .description('run the service until Ctrl-C or SIGTERM')
    .addHelpText('after', '\ndocs/configuration.md lists its settings.\n\nExample:\n  PORT=8081 npx wallet start')
    .action(async () => {
      await import('../src/app/main.ts')
    })
  program
    .command('migrate')
    .description('bring the schema up to date, or take its last migration back')
    .addArgument(
      new Argument('[direction]', 'up, or down: takes back the last migration, and what is in its tables')
        .argParser(oneOf('DIRECTION', ['up', 'down']))
        .default('up' as const),
    )
    .addHelpText('after', `${DATABASE}\n\nExamples:\n  npx wallet migrate\n  npx wallet migrate down`)
    .action(async (direction) => {
      const { runMigrate } = await import('./migrate.ts')
      await runMigrate(direction)
    })
  program
    .command('audit')
    .description('check the whole ledger, which may be in use, as it is at one moment')
    .addOption(new Option('--json', 'print the report as JSON'))
    .addHelpText('after', `${DATABASE}${AUDIT_HELP}`)
    .action(async ({ json = false }) => {
      const { runAudit } = await import('./audit.ts')
      await runAudit(json)
    })
  program
    .command('restored')
    .description(
      'declare that the database was set back to an earlier time: retires transaction IDs, audits, says what to tell',
    )
    .addOption(new Option('--yes', 'do not ask'))
    .addHelpText('after', `${DATABASE}${RESTORED_HELP}`)
    .action(async ({ yes = false }) => {
      const { runRestored } = await import('./restored.ts')
      await runRestored(yes)
    })
}

const DATABASE = '\nThe database is DATABASE_URL, or the embedded one in DATA_DIR.'
const RESTORED_HELP = `

Run it after a backup was restored, or after a failover to a standby that was behind, before the service serves clients again.
From then on no transaction ID that was issued before is executed any more: what was paid in the time that was lost is not paid
again. To run it twice does no harm, but retires what was issued in between, too. docs/recovery.md has more.

Exit code: 0 done, and the ledger is whole; 1 not done, or the ledger is damaged or could not be checked; 2 usage error.

Example:
  DATABASE_URL=postgres://… npx wallet restored`
const AUDIT_HELP = ` The service may run or not.

Exit code: 0 no problems found; 1 the ledger is damaged; 2 it could not be checked.

Example:
  npx wallet audit --json > report.json`
