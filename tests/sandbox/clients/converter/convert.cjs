// `node convert.cjs '{"project": …, "to": …}'` turns the source format into the metadata format, and prints what came out.
const { ComponentSet, MetadataConverter } = require("@salesforce/source-deploy-retrieve");

async function convert({ project, to }) {
  const found = ComponentSet.fromSource(project);
  const done = await new MetadataConverter().convert(found, "metadata", { type: "directory", outputDirectory: to, genUniqueDir: false });
  return { path: done.packagePath, components: found.getSourceComponents().toArray().map((each) => `${each.type.name}:${each.fullName}`) };
}

convert(JSON.parse(process.argv[2])).then(
  (told) => console.log(JSON.stringify(told)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
