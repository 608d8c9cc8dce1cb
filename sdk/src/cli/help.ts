export const HELP = `circles: play scripts in circles, and rule your own.

Usage: circles <command> [arguments] [options]

  keys new [NAME]                  make a key, "default" if no name is given
  keys list                        names and public keys
  keys export NAME                 the key as a text that a passphrase opens
  keys import NAME                 take in such a text, from standard input

  play CIRCLE FILE                 play a script; - reads it from standard input
  play CIRCLE -e CODE              play this code
  call CIRCLE FUNCTION [ARG...]    call a function of the circle's own API
  repl CIRCLE                      play line by line
  subscribe CIRCLE TOPIC           what plays emit, with its number; --after N:
                                   from there on, 0 for all that there is

  policy get CIRCLE                who may do what, as JSON
  policy edit CIRCLE               the same in $EDITOR
  policy grant CIRCLE --to WHO --allow CAPABILITY
                                   [--ask] [--expires TIME] [--per-minute N]
  policy revoke CIRCLE --to WHO [--allow CAPABILITY]
  library get CIRCLE
  library push CIRCLE FILE         publish the circle's own API
  inbox CIRCLE                     plays that wait for you; --follow: and more
  inbox allow CIRCLE ID [--always]
  inbox deny CIRCLE ID [REASON]
  log CIRCLE [--follow] [--after N]
                                   --follow: your own, each record checked
  data ls CIRCLE [PREFIX]
  data get CIRCLE NAME
  data set CIRCLE NAME JSON        - reads it from standard input
  data rm CIRCLE NAME

CIRCLE is ws://host:port/KEY, a public key, the name of a key of yours, or "me".
An argument of call is JSON, or else a text.

  --key NAME        the key that plays, by name or as a file         (default)
  --relay URL       where a circle is that is not named by its URL
                                                    (ws://localhost:8090)
  --arg NAME=VALUE  args.NAME of play, JSON or else a text; repeatable
  --args JSON       all arguments of play
  --timeout MS      how long to wait for a play                      (30000)
  --json            one line of JSON for each thing that happens
  --passphrase-file FILE
                    instead of asking for the passphrase
  --help, --version

Results go to standard output, what a script prints and how far it is to
standard error. Variables stand for options: CIRCLES_KEY, CIRCLES_RELAY,
CIRCLES_TIMEOUT.
Keys lie in $CIRCLES_HOME, or ~/.config/circles, readable for you alone.

Exit codes: 0 it completed, 1 it was refused or failed, 2 the command line makes
no sense, 3 no connection or no answer in time, 130 interrupted (the play is
cancelled).
`;
