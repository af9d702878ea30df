import type { Command } from 'commander'

export function addAnalyzeCommands(_program: Command): void {}
