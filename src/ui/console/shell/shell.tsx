import { Link, Outlet } from '@tanstack/react-router'
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import { pathTo } from '../base.ts'
import { signOut } from '../operations/request.ts'
import { AsGraphql } from '../parts/as-graphql.tsx'
import { Notices } from '../parts/notices.tsx'
import { texts } from '../texts.ts'
import { sections } from './sections.ts'
import { useViewer, ViewerProvider } from './viewer.tsx'

export function Shell() {
  return (
    <ViewerProvider>
      <a className="skip" href="#content">
        {texts.nav.skip}
      </a>
      <Bar />
      <div className="page">
        <Navigation />
        <main id="content" tabIndex={-1}>
          <Outlet />
          <footer>
            <AsGraphql />
          </footer>
        </main>
      </div>
      <Notices />
    </ViewerProvider>
  )
}

function Bar() {
  const { user } = useViewer()
  return (
    <header className="bar">
      <Link to="/" className="product">
        <Logo />
        {texts.product}
      </Link>
      <MenuTrigger>
        <Button className="button quiet" aria-label={texts.nav.menu(user.profile.name)}>
          {user.profile.name}
        </Button>
        <Popover className="popover">
          <Menu>
            <MenuItem href={pathTo('/account')}>{texts.nav.account}</MenuItem>
            <MenuItem href={pathTo('/graphiql')}>{texts.nav.playground}</MenuItem>
            <MenuItem onAction={() => void signOut(user.iamid)}>{texts.nav.signOut}</MenuItem>
          </Menu>
        </Popover>
      </MenuTrigger>
    </header>
  )
}

/** The list of people of the favicon. */
function Logo() {
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

function Navigation() {
  const viewer = useViewer()
  const open = sections.filter(section => section.isOpen(viewer))
  return (
    <nav aria-label={texts.nav.label}>
      {open.map(({ to, title }) => (
        <Link key={to} to={to} activeOptions={{ exact: to === '/console' }}>
          {title}
        </Link>
      ))}
    </nav>
  )
}
