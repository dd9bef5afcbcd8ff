import { Link, Outlet } from '@tanstack/react-router'
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import { Logo } from '../../logo.tsx'
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
