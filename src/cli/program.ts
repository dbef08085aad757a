/**
 * The command line: arguments in, exit code out. Every error ends here, as one line of text or one JSON object.
 */
import { Command, CommanderError } from 'commander';
import { TesseraError } from '../errors.ts';
import type { Host, Program } from './command.ts';
import { checkCommand } from './commands/check.ts';
import { commitCommand } from './commands/commit.ts';
import { compileCommand } from './commands/compile.ts';
import { doctorCommand } from './commands/doctor.ts';
import { inspectCommand } from './commands/inspect.ts';
import { proveCommand } from './commands/prove.ts';
import { rotateCommand } from './commands/rotate.ts';
import { runCommand } from './commands/run.ts';
import { verifyCommand } from './commands/verify.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit.ts';
import { asTesseraError, errorJson, jsonLine } from './output.ts';

const commands = {
  check: checkCommand,
  compile: compileCommand,
  run: runCommand,
  commit: commitCommand,
  prove: proveCommand,
  verify: verifyCommand,
  rotate: rotateCommand,
  inspect: inspectCommand,
  doctor: doctorCommand,
};

const examples = `Examples:
  tessera check model.onnx
  tessera compile model.onnx -o model.tsm --samples inputs.npy
  tessera prove model.tsm input.json -o proof.tsp --save-output output.json
  tessera verify proof.tsp --key model.tsk --output output.json
`;

/** Runs one command line, without the program's name. Never throws. */
export async function runProgram(args: readonly string[], host: Host): Promise<ExitCode> {
  const program: Program = { host, exit: EXIT.ok };
  const json = args.includes('--json');
  const help: string[] = [];
  try {
    await commandLine(program, json, help).parseAsync(args, { from: 'user' });
    return program.exit;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      const text = help.join('');
      host.stdout.write(json ? jsonLine(true, { text }) : text);
      return EXIT.ok;
    }
    return reportError(host, problemOf(error, args[0]), json);
  }
}

/** `help` takes what --help and --version say. */
function commandLine(program: Program, json: boolean, help: string[]): Command {
  const { stderr } = program.host;
  const root = new Command('tessera')
    .description('Prove what a neural network computed.')
    .version(program.host.version)
    .addHelpText('before', examples)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void help.push(text),
      writeErr: (text) => void (json || stderr.write(text)),
      outputError: () => {}, // `reportError` says it
    });
  for (const make of Object.values(commands)) root.addCommand(make(program).copyInheritedSettings(root));
  return root;
}

function problemOf(error: unknown, command: string | undefined): TesseraError {
  if (!(error instanceof CommanderError)) return asTesseraError(error);
  const said = error.message.replace(/^error: /, '').replace(/\n/, ' ');
  const sentence = error.code === 'commander.help' ? 'A command is missing.' : said;
  const named = command !== undefined && Object.hasOwn(commands, command) ? `${command} ` : '';
  return new TesseraError('E_USAGE', sentence, { hint: `See tessera ${named}--help.` });
}

function reportError(host: Host, error: TesseraError, json: boolean): ExitCode {
  if (json) host.stdout.write(jsonLine(false, errorJson(error)));
  else host.stderr.write(`${error}\n`);
  return exitCodeOf(error.code);
}
