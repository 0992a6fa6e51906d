using GptQuantBench.Commands;

return CommandLineProgram.Execute(args);
