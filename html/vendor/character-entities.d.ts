export { characterEntities } from "character-entities";
