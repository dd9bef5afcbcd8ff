/** The list of people of the favicon. */
export function Logo() {
  return (
    <svg viewBox="0 0 16 16" width="24" height="24" aria-hidden="true">
      <rect width="16" height="16" rx="4" fill="#2f5fb3" />
      <g fill="#fff">
        {[5, 8, 11].map((y, row) => (
          <g key={y}>
            <circle cx="4.5" cy={y} r="1.2" />
            <rect x="7" y={y - 0.8} width={row === 2 ? 4 : 6} height="1.6" rx=".8" />
          </g>
        ))}
      </g>
    </svg>
  )
}
