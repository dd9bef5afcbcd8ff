// Preloaded before a page of docs/clients: what the page logs is a line of JSON.
console.log = (...values) => process.stdout.write(`${JSON.stringify(values.length === 1 ? values[0] : values)}\n`)
