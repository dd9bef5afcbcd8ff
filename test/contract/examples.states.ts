// The state that each example needs, by the example's id. It answers what to fill into the example's path and request
// ({groupId}), and the tokens of callers other than the administrator.
import type { World } from './world.ts'
import { userPath } from './world.ts'

export interface State {
  fill?: Record<string, string | number>
  callers?: Record<string, string>
}

type Build = (w: World) => Promise<State>

const password = 'a long ride at night'
const listSettings = { sortProjectState: { column: 'name', order: 'asc', size: 12 }, currentProject: null }

/** A person who has set a password and logged in once. */
async function person(w: World, userid: string, name: string, more: object = {}) {
  const { newUser } = await w.createUser(userid, { password, profile: { name, email: userid }, ...more })
  return { ...newUser, token: await w.login(userid, password) }
}

const nothing: Build = async () => ({})

/** Preferences cannot be given to a user's creation: they are the person's, set on the profile. */
const prefer = (w: World, userid: string, profile: object) => w.must('PUT', `${userPath(userid)}/profile`, profile)

async function group(w: World, name: string, more: object = {}) {
  return { groupId: (await w.createGroup(name, more)).id }
}

export const states: Record<string, Build> = {
  'users.create': nothing,
  'users.authenticate': async w => {
    await w.createUser('otto.lang@roster.example', { password })
    return {}
  },
  'users.profile.update': async w => {
    await person(w, 'mara.voss@roster.example', 'Mara Voss')
    // What the request leaves out of the preferences stays: `currentProject` is in the documented answer only.
    await prefer(w, 'mara.voss@roster.example', { preferences: listSettings, location: 'Bruges', position: 'Pilot' })
    return {}
  },
  'users.permissions.remove': async w => {
    await person(w, 'jon.dahl@roster.example', 'Jon Dahl')
    return {}
  },
  'users.permissions.update': async w => {
    await w.createUser('rosa.kern@roster.example', { permissions: ['FETCH_POLICY_INFO'] })
    return {}
  },
  'users.password.update': async w => {
    await w.createUser('tom.berg@roster.example', { password: 'the first pass phrase' })
    return { callers: { tom: await w.login('tom.berg@roster.example', 'the first pass phrase') } }
  },
  'users.disable': async w => {
    await person(w, 'vera.holt@roster.example', 'Vera Holt')
    return {}
  },
  'users.sync.bim': nothing,
  'users.sync.ldap.bim': nothing,
  'users.attribute.set': async w => {
    await person(w, 'nils.falk@roster.example', 'Nils Falk')
    await w.tag('nils.falk@roster.example', 'Budget', 'Audited')
    return {}
  },
  'users.attribute.remove': async w => {
    const userid = 'lea.brandt@roster.example'
    await person(w, userid, 'Lea Brandt', { permissions: ['USER_ADMIN', 'GOVERNANCE'] })
    await w.tag(userid, 'Country', 'BE')
    await w.tag(userid, 'Country', 'NO')
    await w.tag(userid, 'Stage', 'Test')
    await w.tag(userid, 'Office', 'Oslo')
    return {}
  },
  'users.clone': async w => {
    await person(w, 'finn.moe@roster.example', 'Finn Moe')
    await w.tag('finn.moe@roster.example', 'Country', 'NO')
    return {}
  },
  'users.attribute.remove-everywhere': async w => {
    await person(w, 'karl.iver@roster.example', 'Karl Iver')
    await w.tag('karl.iver@roster.example', 'label', 'retired')
    return {}
  },
  'review.iams': async w => {
    await w.createIam('northDirectory', { displayName: 'North directory' })
    return {}
  },
  'review.search': async w => {
    await person(w, 'berta.quill@roster.example', 'Berta Quill', { permissions: ['CREATE_DATA_SOURCE', 'AUDIT'] })
    await prefer(w, 'berta.quill@roster.example', { preferences: { sortProjectState: listSettings.sortProjectState } })
    await w.tag('berta.quill@roster.example', 'desk', 'NIGHT_SHIFT')
    await person(w, 'abel.quill@roster.example', 'Abel Quill', { permissions: ['CREATE_DATA_SOURCE'] })
    return {}
  },
  'review.current': async w => {
    const userid = 'olga.reyes@roster.example'
    const { token } = await person(w, userid, 'Olga Reyes')
    await w.must('PUT', `${userPath(userid)}/permissions`, ['APPLICATION_ADMIN', 'GOVERNANCE'])
    await prefer(w, userid, {
      preferences: { sortProjectState: {}, tabProjectState: 0, currentProject: null, notifications: { email: false } },
      externalUserIds: { databricksUserObject: { id: null, type: 'NONE' } },
    })
    const { groupId } = await group(w, 'Bridge Watch')
    await w.addMember(groupId, userid)
    await w.createDomain('North', userid, ['Audit Activity'])
    await w.createDomain('South', userid, ['Audit Activity', 'Manage Data Products'])
    await w.createDataSource('tides', userid)
    return { callers: { olga: token } }
  },
  'review.user': async w => {
    const userid = 'paul.adler@roster.example'
    const permissions = ['CREATE_DATA_SOURCE', 'AUDIT', 'FETCH_POLICY_INFO', 'PROJECT_MANAGEMENT']
    const { id } = await person(w, userid, 'Paul Adler', { permissions })
    await prefer(w, userid, { preferences: listSettings })
    return { fill: { userId: id } }
  },
  'review.profile': async w => {
    const { id } = await person(w, 'ruth.adler@roster.example', 'Ruth Adler')
    await prefer(w, 'ruth.adler@roster.example', { preferences: listSettings })
    return { fill: { userId: id } }
  },
  'review.groups': async w => {
    await person(w, 'sven.tang@roster.example', 'Sven Tang')
    const { groupId } = await group(w, 'Harbour Pilots')
    await w.addMember(groupId, 'sven.tang@roster.example')
    return {}
  },
  'review.search-by-details': async w => {
    await person(w, 'wren.1@roster.example', 'Wren 1', { permissions: ['GOVERNANCE'] })
    await w.tag('wren.1@roster.example', 'desk', 'day')
    await w.tag('wren.1@roster.example', 'desk', 'night')
    await person(w, 'wren.1+second@roster.example', 'Wren 1 again')
    await prefer(w, 'wren.1+second@roster.example', { externalUserIds: { databricksUserObject: { id: null, type: 'NONE' } } })
    return {}
  },
  'groups.create': nothing,
  'groups.update': async w => {
    const fill = await group(w, 'Lamp Keepers', { email: 'lamps@roster.example' })
    await w.tagGroup(fill.groupId, 'Budget', 'Audited')
    return { fill }
  },
  'groups.members.remove': async w => {
    await person(w, 'ulf.kade@roster.example', 'Ulf Kade')
    const fill = await group(w, 'Rope Walkers')
    return { fill: { ...fill, groupuserid: (await w.addMember(fill.groupId, 'ulf.kade@roster.example')).id } }
  },
  'groups.members.add': async w => {
    await person(w, 'uma.kade@roster.example', 'Uma Kade')
    return { fill: await group(w, 'Glass Blowers') }
  },
  'groups.attribute.set': async w => {
    const fill = await group(w, 'Sail Menders', { email: 'sails@roster.example', description: 'They mend sails' })
    await w.tagGroup(fill.groupId, 'Budget', 'Audited')
    return { fill }
  },
  'groups.list': async w => {
    await group(w, 'orchard keepers')
    await group(w, 'orchard founders')
    await group(w, 'orchard cutters', { email: 'cutters@roster.example' })
    return {}
  },
  'groups.get': async w => {
    const fill = await group(w, 'Bell Ringers', { email: 'bells@roster.example' })
    await w.tagGroup(fill.groupId, 'Location', 'Ghent')
    return { fill }
  },
  'groups.members.list': async w => {
    const fill = await group(w, 'Kite Flyers')
    await person(w, 'zeno.abend@roster.example', 'Zeno Abend')
    await person(w, 'yara.abend@roster.example', 'Yara Abend')
    await prefer(w, 'yara.abend@roster.example', { preferences: { tabDataSourceState: 1, tabProjectState: 1 } })
    await w.addMember(fill.groupId, 'zeno.abend@roster.example')
    await w.addMember(fill.groupId, 'yara.abend@roster.example')
    return { fill }
  },
  'groups.delete': async w => ({ fill: await group(w, 'Short Lived') }),
  'keys.create': async w => {
    const { token } = await person(w, 'kit.olsen@roster.example', 'Kit Olsen')
    return { callers: { kit: token }, fill: { projectId: await w.createProject('Harvest', token) } }
  },
  'keys.authenticate': async w => {
    const { token } = await person(w, 'cora.hale@roster.example', 'Cora Hale')
    return { fill: { apikey: (await w.createKey(token)).apikey } }
  },
  'keys.impersonate': async w => {
    await person(w, 'dora.frost@roster.example', 'Dora Frost')
    const { token } = await person(w, 'gil.frost@roster.example', 'Gil Frost', { permissions: ['IMPERSONATE_USER'] })
    return { fill: { apikey: (await w.createKey(token)).apikey } }
  },
  'tokens.view': async w => {
    const { token } = await person(w, 'emil.stern@roster.example', 'Emil Stern')
    return { callers: { emil: token }, fill: { token } }
  },
  'keys.list': async w => {
    const { token } = await person(w, 'hugo.marsh@roster.example', 'Hugo Marsh')
    const projectId = await w.createProject('Harvest report', token)
    const { apikey } = await w.createKey(token, { projectId, name: 'Harvest report' })
    await w.keyToken(apikey)
    return { fill: { projectName: 'Harvest report' } }
  },
  'keys.delete': async w => {
    const { token } = await person(w, 'ida.roth@roster.example', 'Ida Roth')
    const { apikey, keyid } = await w.createKey(token)
    await w.keyToken(apikey)
    return { callers: { ida: token }, fill: { keyid } }
  },
}
