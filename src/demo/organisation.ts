/** An invented shipping company; `.example` receives no mail (RFC 2606). */

export const organisation = { name: 'Tidewater Logistics', mailDomain: 'tidewater.example' }

export const countries: Record<string, string> = {
  Stockholm: 'Sweden',
  Rotterdam: 'Netherlands',
  Porto: 'Portugal',
  Hamburg: 'Germany',
  Gdańsk: 'Poland',
  Singapore: 'Singapore',
}

export const teams: { name: string; description: string; attributes?: Record<string, string[]> }[] = [
  { name: 'Leadership', description: 'Who answers for it all', attributes: { Clearance: ['Secret'] } },
  { name: 'Engineering', description: 'Everything with a keyboard', attributes: { 'Cost Center': ['4100'] } },
  { name: 'Engineering / Platform', description: 'Servers, networks, the way to production', attributes: { 'On Call': ['yes'] } },
  { name: 'Engineering / Data', description: 'Pipelines and the warehouse', attributes: { 'Data Access': ['Raw', 'Curated'] } },
  { name: 'Engineering / Apps', description: 'What customers and captains see' },
  { name: 'Operations', description: 'Ships, ports and cargo', attributes: { 'Cost Center': ['2200'] } },
  {
    name: 'Operations / Fleet',
    description: 'Vessels and their crews',
    attributes: { 'Data Access': ['Curated'], 'On Call': ['yes'] },
  },
  { name: 'Operations / Ports', description: 'Berths, cranes and customs', attributes: { 'Data Access': ['Curated'] } },
  {
    name: 'Finance',
    description: 'Invoices, fuel and insurance',
    attributes: { 'Cost Center': ['1000'], Clearance: ['Confidential'] },
  },
  { name: 'People', description: 'Hiring, contracts, pay', attributes: { 'Cost Center': ['1100'], Clearance: ['Confidential'] } },
  { name: 'Sales', description: 'Those who find the cargo', attributes: { 'Cost Center': ['3000'] } },
  { name: 'Sales / Baltic', description: 'Customers around the Baltic Sea' },
  { name: 'Sales / Asia', description: 'Customers east of Suez' },
  { name: 'Security', description: 'Locks, alarms and audits', attributes: { Clearance: ['Secret'], 'On Call': ['yes'] } },
]

type Clearance = 'Public' | 'Internal' | 'Confidential' | 'Secret'
type Person = readonly [userid: string, name: string, position: string, team: string, office: string, clearance: Clearance]

export const people: readonly Person[] = [
  ['asa.lindqvist', 'Åsa Lindqvist', 'Chief Executive', 'Leadership', 'Stockholm', 'Secret'],
  ['henrik.dahl', 'Henrik Dahl', 'Chief Operating Officer', 'Leadership', 'Rotterdam', 'Secret'],
  ['wei.ling.tan', 'Tan Wei Ling', 'Chief Financial Officer', 'Leadership', 'Singapore', 'Secret'],

  ['joao.ferreira', 'João Ferreira', 'Head of Engineering', 'Engineering', 'Porto', 'Confidential'],
  ['katarzyna.wojcik', 'Katarzyna Wójcik', 'Platform Lead', 'Engineering / Platform', 'Gdańsk', 'Confidential'],
  ['lars.hansson', 'Lars Hansson', 'Site Reliability Engineer', 'Engineering / Platform', 'Stockholm', 'Internal'],
  ['daan.visser', 'Daan Visser', 'Network Engineer', 'Engineering / Platform', 'Rotterdam', 'Internal'],
  ['beatriz.moreira', 'Beatriz Moreira', 'Site Reliability Engineer', 'Engineering / Platform', 'Porto', 'Internal'],
  ['priya.raman', 'Priya Raman', 'Data Lead', 'Engineering / Data', 'Singapore', 'Confidential'],
  ['tomasz.zielinski', 'Tomasz Zieliński', 'Data Engineer', 'Engineering / Data', 'Gdańsk', 'Internal'],
  ['ines.carvalho', 'Inês Carvalho', 'Analytics Engineer', 'Engineering / Data', 'Porto', 'Internal'],
  ['felix.brandt', 'Felix Brandt', 'Data Scientist', 'Engineering / Data', 'Hamburg', 'Internal'],
  ['marta.sousa', 'Marta Sousa', 'Data Governance Manager', 'Engineering / Data', 'Porto', 'Confidential'],
  ['emma.nystrom', 'Emma Nyström', 'Product Designer', 'Engineering / Apps', 'Stockholm', 'Public'],
  ['rui.almeida', 'Rui Almeida', 'Mobile Developer', 'Engineering / Apps', 'Porto', 'Internal'],
  ['zofia.kaminska', 'Zofia Kamińska', 'Frontend Developer', 'Engineering / Apps', 'Gdańsk', 'Internal'],

  ['maarten.de.boer', 'Maarten de Boer', 'Head of Operations', 'Operations', 'Rotterdam', 'Confidential'],
  ['ingrid.holm', 'Ingrid Holm', 'Fleet Manager', 'Operations / Fleet', 'Stockholm', 'Confidential'],
  ['piotr.nowak', 'Piotr Nowak', 'Captain, MV Selma', 'Operations / Fleet', 'Gdańsk', 'Internal'],
  ['siti.rahman', 'Siti Rahman', 'Captain, MV Aurora', 'Operations / Fleet', 'Singapore', 'Internal'],
  ['jonas.lehmann', 'Jonas Lehmann', 'Crew Planner', 'Operations / Fleet', 'Hamburg', 'Internal'],
  ['sofie.jansen', 'Sofie Jansen', 'Port Agent', 'Operations / Ports', 'Rotterdam', 'Internal'],
  ['klaus.petersen', 'Klaus Petersen', 'Port Agent', 'Operations / Ports', 'Hamburg', 'Internal'],
  ['ana.ribeiro', 'Ana Ribeiro', 'Customs Specialist', 'Operations / Ports', 'Porto', 'Confidential'],
  ['kumar.nair', 'Kumar Nair', 'Terminal Planner', 'Operations / Ports', 'Singapore', 'Internal'],
  ['ewa.mazur', 'Ewa Mazur', 'Port Agent', 'Operations / Ports', 'Gdańsk', 'Public'],

  ['annika.berg', 'Annika Berg', 'Controller', 'Finance', 'Stockholm', 'Confidential'],
  ['pieter.smit', 'Pieter Smit', 'Fuel Buyer', 'Finance', 'Rotterdam', 'Confidential'],
  ['clara.vogel', 'Clara Vogel', 'Accountant', 'Finance', 'Hamburg', 'Confidential'],
  ['michal.krol', 'Michał Król', 'Claims Adjuster', 'Finance', 'Gdańsk', 'Internal'],

  ['frida.ek', 'Frida Ek', 'Head of People', 'People', 'Stockholm', 'Confidential'],
  ['olivia.pinto', 'Olívia Pinto', 'Recruiter', 'People', 'Porto', 'Internal'],

  ['mikael.strand', 'Mikael Strand', 'Head of Sales', 'Sales', 'Stockholm', 'Internal'],
  ['agnieszka.lis', 'Agnieszka Lis', 'Account Manager', 'Sales / Baltic', 'Gdańsk', 'Internal'],
  ['nils.aberg', 'Nils Åberg', 'Account Manager', 'Sales / Baltic', 'Stockholm', 'Public'],
  ['mei.chen', 'Chen Mei', 'Account Manager', 'Sales / Asia', 'Singapore', 'Internal'],
  ['arjun.pillai', 'Arjun Pillai', 'Account Manager', 'Sales / Asia', 'Singapore', 'Public'],

  ['tove.sandberg', 'Tove Sandberg', 'Head of Security', 'Security', 'Stockholm', 'Secret'],
  ['bram.mulder', 'Bram Mulder', 'Internal Auditor', 'Security', 'Rotterdam', 'Secret'],
]

export const services: readonly { userid: string; name: string; about: string }[] = [
  { userid: 'svc-warehouse', name: 'Warehouse loader', about: 'Reads users and groups every night' },
  { userid: 'svc-portal', name: 'Captains’ portal', about: 'Acts for the captain who is signed in there' },
]

export const permissions: Record<string, string[]> = {
  'tove.sandberg': ['USER_ADMIN'],
  'bram.mulder': ['AUDIT'],
  'marta.sousa': ['GOVERNANCE'],
  'priya.raman': ['CREATE_DATA_SOURCE'],
  'maarten.de.boer': ['PROJECT_MANAGEMENT'],
  'svc-portal': ['IMPERSONATE_USER'],
}

export const groupPermissions: Record<string, string[]> = { Engineering: ['AUDIT'] }

export const guests: Record<string, string[]> = {
  'Engineering / Data': ['annika.berg', 'ingrid.holm'],
  'Operations / Ports': ['michal.krol'],
  Security: ['katarzyna.wojcik'],
}

export const attributes: Record<string, Record<string, string[]>> = {
  'ana.ribeiro': { Country: ['Spain'], Certification: ['AEO Customs'] },
  'klaus.petersen': { Country: ['Denmark'], Certification: ['Dangerous Goods'] },
  'piotr.nowak': { Certification: ['Master Mariner', 'Ice Navigation'] },
  'siti.rahman': { Certification: ['Master Mariner'] },
  'wei.ling.tan': { 'Data Access': ['Curated'] },
  'svc-warehouse': { 'Data Access': ['Raw'] },
}

export const projects: readonly { name: string; description: string; members: readonly string[] }[] = [
  {
    name: 'Port Arrivals',
    description: 'When a vessel really reaches its berth, and why it was late',
    members: ['priya.raman', 'tomasz.zielinski', 'sofie.jansen', 'kumar.nair', 'svc-warehouse'],
  },
  {
    name: 'Fleet Emissions',
    description: 'Fuel burnt and carbon let out, vessel by vessel',
    members: ['maarten.de.boer', 'felix.brandt', 'ines.carvalho', 'ingrid.holm', 'pieter.smit', 'priya.raman'],
  },
]

type Grant = { permission: string; user: string } | { permission: string; group: string }

export const domains: readonly { name: string; description: string; grants: readonly Grant[] }[] = [
  {
    name: 'Operations',
    description: 'Voyages, port calls and cargo',
    grants: [
      { permission: 'Manage Policies', user: 'marta.sousa' },
      { permission: 'Manage Data Products', group: 'Engineering / Data' },
      { permission: 'Audit Activity', user: 'bram.mulder' },
    ],
  },
  {
    name: 'People and Pay',
    description: 'Contracts, salaries and sick leave',
    grants: [
      { permission: 'Manage Policies', user: 'frida.ek' },
      { permission: 'Audit Activity', group: 'Security' },
    ],
  },
]

export const dataSources: readonly { name: string; owners: readonly string[] }[] = [
  { name: 'warehouse.port_calls', owners: ['priya.raman', 'sofie.jansen'] },
  { name: 'warehouse.voyages', owners: ['ingrid.holm'] },
  { name: 'warehouse.fuel_bunkering', owners: ['pieter.smit', 'felix.brandt'] },
  { name: 'hr.contracts', owners: ['frida.ek'] },
]

export const apiKeys: readonly { owner: string; name: string; project?: string; scopes?: string[]; days?: number }[] = [
  { owner: 'svc-warehouse', name: 'nightly load', project: 'Port Arrivals', scopes: ['read'], days: 365 },
  { owner: 'svc-portal', name: 'production' },
  { owner: 'svc-portal', name: 'staging', days: 30 },
  { owner: 'priya.raman', name: 'notebook', project: 'Fleet Emissions', scopes: ['user:list', 'group:*'] },
]

export const disabled: readonly string[] = ['nils.aberg']
