# What an interactive zsh makes of LINE and a tab: complete.zsh SCRIPT LINE
zmodload zsh/zpty
zpty -b shell 'COLUMNS=200 PS1= TERM=dumb zsh -f -i'
zpty -w shell "autoload -Uz compinit; compinit -D -u; source ${(q)1}; bindkey '^I' complete-word
tell-end() { print -n EN''DED }; zle -N tell-end; bindkey '^X' tell-end
zle-line-init() { print -n REA''DY }; zle -N zle-line-init"
# Said by the line editor: what is typed before it runs may be echoed instead of completed.
zpty -r shell text '*READY*'
zpty -w -n shell "$2"$'\t\x18'
zpty -r shell text '*ENDED*'
print -r -- $text
zpty -d shell
