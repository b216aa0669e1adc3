/** Completion for shells. Each of them asks `lvsctl __complete WORDS...`, so that they all know the same. */
import type { Wrong } from './arguments.js';
import type { Context } from './lvsctl-entry.js';
import { describe } from './manual.js';

export type Shell = 'bash' | 'zsh' | 'fish';

const HEAD = '# Completion of lvsctl. Made by `lvsctl completion';

/**
 * bash cuts words at ':' and '=', which ids of IPv6 and --option=value have: they are put together again, and of what is answered only what stands
 * behind the last cut is given back.
 */
const bash = `${HEAD} bash\`.
_lvsctl() {
  local -a typed=()
  local i word
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((\${#typed[@]} > 0)) && [[ $word == [:=]* || \${COMP_WORDS[i - 1]} == *[:=] ]]; then
      typed[-1]+=$word
    else
      typed+=("$word")
    fi
  done
  local current=\${typed[-1]} cut=
  local quote=\${current:0:1}
  if [[ $quote == [\\'\\"] ]]; then
    typed[-1]=\${current:1}
  else
    quote=
    [[ $current == *[:=]* ]] && cut=\${current%"\${current##*[:=]}"}
    typed[-1]=\${current//\\\\/}
  fi
  COMPREPLY=()
  local line
  while IFS= read -r line; do
    if [[ $line == :file ]]; then
      compopt -o default
      return
    fi
    line=\${line%%$'\\t'*}
    [[ -z $quote ]] && printf -v line %q "$line"
    COMPREPLY+=("\${line#"$cut"}")
  done < <("\${COMP_WORDS[0]}" __complete "\${typed[@]}" 2>/dev/null)
}
complete -F _lvsctl lvsctl
`;

const zsh = `#compdef lvsctl
${HEAD} zsh\`.
_lvsctl() {
  local -a found values shown
  local line
  found=("\${(@f)$("\${words[1]}" __complete "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $found[1] == :file ]]; then
    _files
    return
  fi
  for line in $found; do
    values+=("\${line%%$'\\t'*}")
    line=\${line/$'\\t'/  -- }
    shown+=("\${line%  -- }")
  done
  (( $#values )) && compadd -l -d shown -a values
}
if [[ $funcstack[1] == _lvsctl ]]; then
  _lvsctl "$@"
else
  compdef _lvsctl lvsctl
fi
`;

const fish = `${HEAD} fish\`.
function __lvsctl_complete
    set -l typed (commandline -opc) (commandline -ct)
    set -l found ($typed[1] __complete $typed[2..-1] 2>/dev/null)
    if test "$found[1]" = :file
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $found
    end
end
complete -c lvsctl -f -a '(__lvsctl_complete)'
`;

export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };

const shells = Object.keys(completionScripts) as readonly Shell[];

export const completionCommand = describe(
  {
    program: 'lvsctl',
    name: 'completion',
    summary: 'what a shell needs to complete command lines',
    synopsis: ['bash|zsh|fish'],
    about: [
      `Prints a script that completes commands, options, and the services, servers and virtual routers that the running director has. The Debian
      package installs all three.`,
      { example: 'source <(lvsctl completion bash)' },
      { example: 'source <(lvsctl completion zsh)' },
      { example: 'lvsctl completion fish | source' },
    ],
  },
  {
    options: {},
    words: [shells, 'nothing'],
    read: (_, [word, ...more]): { readonly shell: Shell } | Wrong => {
      const shell = shells.find((one) => one === word);
      return shell === undefined || more.length > 0 ? { wrong: 'completion for bash, zsh or fish?' } : { shell };
    },
  },
);

/** Answers with the exit status. */
export function completion({ shell }: { readonly shell: Shell }, { output }: Context): number {
  output.out(completionScripts[shell]);
  return 0;
}
