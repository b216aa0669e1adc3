# Completion of lvsctl. Made by `lvsctl completion bash`.
_lvsctl() {
  local -a typed=()
  local i word
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((${#typed[@]} > 0)) && [[ $word == [:=]* || ${COMP_WORDS[i - 1]} == *[:=] ]]; then
      typed[-1]+=$word
    else
      typed+=("$word")
    fi
  done
  local current=${typed[-1]} cut=
  local quote=${current:0:1}
  if [[ $quote == [\'\"] ]]; then
    typed[-1]=${current:1}
  else
    quote=
    [[ $current == *[:=]* ]] && cut=${current%"${current##*[:=]}"}
    typed[-1]=${current//\\/}
  fi
  COMPREPLY=()
  local line
  while IFS= read -r line; do
    if [[ $line == :file ]]; then
      compopt -o default
      return
    fi
    line=${line%%$'\t'*}
    [[ -z $quote ]] && printf -v line %q "$line"
    COMPREPLY+=("${line#"$cut"}")
  done < <("${COMP_WORDS[0]}" __complete "${typed[@]}" 2>/dev/null)
}
complete -F _lvsctl lvsctl
