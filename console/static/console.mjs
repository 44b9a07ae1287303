import { initAll } from '/static/govuk/govuk-frontend.min.js'

initAll()

// Copy buttons stand beside read-only fields; without this file the text is selected and copied by hand.
for (const button of document.querySelectorAll('[data-copies]')) {
  const field = document.getElementById(button.dataset.copies)
  const status = document.getElementById(`${button.dataset.copies}-copied`)
  button.hidden = false
  button.addEventListener('click', async () => {
    field.select()
    try {
      await navigator.clipboard.writeText(field.value)
    } catch {
      document.execCommand('copy')
    }
    status.textContent = 'Copied'
  })
}

// Single-key shortcuts can be turned off (WCAG 2.1.4) and never act while somebody types.
const REMEMBERED = 'wardkeeper-shortcuts'
const choice = document.getElementById('shortcuts')
const rows = [...document.querySelectorAll('[data-row]')]
let at = -1

const on = () => localStorage.getItem(REMEMBERED) !== 'off'
if (choice) {
  choice.closest('[hidden]').hidden = false
  choice.checked = on()
  choice.addEventListener('change', () => localStorage.setItem(REMEMBERED, choice.checked ? 'on' : 'off'))
}

const typing = (element) => element.closest('input:not([type=checkbox]), select, textarea, [contenteditable]')

const go = (to) => {
  if (!rows.length) return
  rows[at]?.classList.remove('wk-row--at')
  at = Math.min(Math.max(to, 0), rows.length - 1)
  rows[at].classList.add('wk-row--at')
  rows[at].querySelector('a').focus()
}

document.addEventListener('keydown', (event) => {
  if (!choice || !on() || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return
  const focused = rows.findIndex((row) => row.contains(event.target))
  if (focused >= 0) at = focused
  if (event.key === 'j') go(at + 1)
  else if (event.key === 'k') go(at - 1)
  else if (event.key === 'r') (rows[at] ?? document).querySelector('[data-reveal]')?.requestSubmit()
  else return
  event.preventDefault()
})
